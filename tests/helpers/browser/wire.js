// What a page has sent to its server and not heard of yet, for a test to wait until it rests.
window.asked = 0 // when it last sent, 0 once something came back; ms
window.stirred = 0 // when it last sent or received; ms
window.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given)
        this.addEventListener("message", () => {
            window.asked = 0
            window.stirred = performance.now()
        })
    }
    send(content) {
        window.asked = window.stirred = performance.now()
        super.send(content)
    }
}
