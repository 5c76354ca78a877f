"""How predictions are read and measured, chosen by controls whose values the address bar keeps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st

from pap_core.evaluation import measured

METRICS = {name: name.capitalize() for name in measured.METRICS} | {"jaccard": "Jaccard index"}
CLASSES = {"nucleus": "Nucleus", "cytoplasm": "Cytoplasm", "both": "Together"}
PROTOCOL_HELP = (
    "How a class is read off the generated colours. **strict**: each pixel takes the class of the nearest "
    "colour. **colour-200**: the class's own channel is at least 200 and the other two are below. "
    "**channel-200**: the class's own channel is at least 200, the others do not count, so that white "
    "passes as both classes; the paper's figures fit this one best. All read the same predictions; they "
    "are never mixed in one table or chart."
)
CLASS_HELP = (
    "What is measured: the nuclei, the cytoplasm, or both with their pixels added up, as the paper's Table 5 "
    "has it."
)
METRIC_HELP = (
    "**Jaccard index**: pixels found and marked, of those found or marked. **Dice**: twice those, of the "
    "found and the marked added up. **Sensitivity**: of the marked, "
    "those found. **Specificity**: of the unmarked, those left out. **Precision**: of the found, those "
    "marked. **Accuracy**: of all, those right."
)


@dataclass(frozen=True)
class Reading:
    """How the predictions are read and measured."""

    protocol: str
    label_class: str  # of CLASSES
    metric: str  # of METRICS

    @property
    def title(self) -> str:
        """What is measured, in words."""
        of = "nucleus and cytoplasm together" if self.label_class == "both" else self.label_class
        return f"{METRICS[self.metric]} of {of}"


def choose_reading(
    page: str, protocols: Iterable[str], classes: Iterable[str], changed: Callable[[], None]
) -> Reading:
    """Let the person choose protocol, class and metric.

    Args:
        page: how the names in the address begin.
        protocols: to choose from.
        classes: of `CLASSES`, the first by default.
        changed: called when another is chosen.
    """
    classes = list(classes)
    kept = {"bind": "query-params", "on_change": changed}
    with st.container(horizontal=True, gap="medium"):
        protocol = st.segmented_control(
            "Protocol",
            list(protocols),
            default="strict",
            required=True,
            key=f"{page}_protocol",
            help=PROTOCOL_HELP,
            **kept,
        )
        label_class = st.segmented_control(
            "Class",
            classes,
            format_func=CLASSES.get,
            default=classes[0],
            required=True,
            key=f"{page}_class",
            help=CLASS_HELP,
            **kept,
        )
        metric = st.selectbox(
            "Metric",
            list(METRICS),
            list(METRICS).index("jaccard"),
            format_func=METRICS.get,
            key=f"{page}_metric",
            width=180,
            help=METRIC_HELP,
            **kept,
        )
    return Reading(protocol, label_class, metric)


def keep_choice(
    label: str,
    names: Iterable[str],
    default: str,
    key: str,
    explained: str,
    shown: Callable[[str], str] = str,
    changed: Callable[[], None] = lambda: None,
) -> str:
    """Offer names; the address always holds the one chosen, so that a link does not follow the default.

    Args:
        label: of the control.
        names: to choose from.
        default: one of them.
        key: of the control, and the name in the address.
        explained: its help.
        shown: how a name is shown.
        changed: called when another is chosen.
    """
    names = list(names)
    asked = st.query_params.get(key, default)
    if asked not in names:
        st.toast(f"There is no {label.lower()} of the name in the address any more.", icon=":material/info:")
    st.session_state[key] = asked if asked in names else default

    def take() -> None:
        st.query_params[key] = st.session_state[key]
        changed()

    chosen = st.selectbox(
        label,
        names,
        format_func=shown,
        key=key,
        persist_state="session",  # a page may come back to what was chosen last
        help=explained,
        on_change=take,
        width=360,
    )
    st.query_params[key] = chosen
    return chosen
