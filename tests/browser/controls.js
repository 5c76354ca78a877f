// Name all that a person can press on the page; from then on a press is noted, and has no effect.
() => {
    const PRESSED = [
        "a[href]", "button", "summary", "input", "textarea", "select", "[role=button]", "[role=tab]",
        "[role=radio]", "[role=checkbox]", "[role=switch]", "[role=combobox]", "[role=menuitem]",
    ].join()
    const roots = root => [root, ...[...root.querySelectorAll("*")].filter(one => one.shadowRoot)
        .flatMap(one => roots(one.shadowRoot))]
    const up = one => one.parentNode ?? one.host
    const within = (inner, outer) => {
        for (let one = inner; one; one = up(one)) if (one === outer) return true
        return false
    }
    // there for screen readers alone
    const unseen = one => {
        for (; one && one !== document; one = up(one)) {
            if (one instanceof Element && getComputedStyle(one).clipPath === "inset(50%)") return true
        }
        return false
    }
    const seen = one => {
        const box = one.getBoundingClientRect()
        const visible = one.checkVisibility({opacityProperty: true, visibilityProperty: true})
        return visible && box.width > 1 && box.height > 1 && !unseen(one)
    }
    const idle = one => one.disabled || one.closest("[disabled], [aria-disabled=true], [inert]") !== null
    // what a person sees of a control that is hidden itself: its label, or the thumb of a slider
    const drawn = one => {
        if (seen(one)) return one
        if (one.type === "range") return one.closest("div[data-rac]")
        return one.localName === "input" ? one.closest("label") : null
    }
    const said = one => (one.getAttribute("aria-label") || one.innerText || one.labels?.[0]?.innerText
        || one.title || "").trim().replace(/\s+/g, " ").slice(0, 60)
    // what lies over the page, if anything, takes all that is pressed
    const over = [...document.querySelectorAll('[role=dialog]')].filter(seen).at(-1)
    const targets = new Map()
    for (const root of roots(over ?? document)) for (const one of root.querySelectorAll(PRESSED)) {
        const target = drawn(one)
        if (target && seen(target) && !idle(one) && !targets.has(target)) targets.set(target, one)
    }
    window.aimed = [...targets.keys()]
    // a press is noted and goes no further: nothing is begun or deleted, and nothing moves away
    window.note ??= event => {
        event.stopImmediatePropagation()
        event.preventDefault()
        if (event.type === "click") window.pressed = event.composedPath()
    }
    for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
        window.addEventListener(kind, window.note, true)
    }
    return [...targets.values()].map(one => `${one.getAttribute("role") ?? one.localName} ${said(one)}`)
}
