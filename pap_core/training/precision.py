"""In what numbers a run computes: bf16 where the device is quick at it."""


def computed_in(precision: str, device: str) -> str:
    """Return "bf16" where a run asks for it and the device is made for it, else "fp32".

    A processor without AVX-512 goes through bf16 number by number: on one with AVX2 alone, a step of the
    preset "compact" takes 9 times as long as in fp32. GPUs are taken to be quick.

    Args:
        precision: as configured, "bf16" or "fp32".
        device: "cpu" or a GPU's type.
    """
    if precision == "bf16" and device == "cpu":
        import torch

        return "bf16" if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else "fp32"
    return precision
