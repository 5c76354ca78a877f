"""The codes of a label map (SPEC, section 6), for modules that draw nothing: this one imports nothing."""

BACKGROUND, CYTOPLASM, NUCLEUS = 0, 1, 2
NOT_NUCLEUS = 253  # background or cytoplasm, which of them is unknown
OF_CELL = 254  # cytoplasm or nucleus, which of them is unknown
IGNORE = 255  # anything
