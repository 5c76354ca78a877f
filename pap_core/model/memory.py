"""What to do when a machine has less memory than a batch takes."""

import gc

import torch

from pap_core.errors import InputError


def is_short(error: BaseException) -> bool:
    """Whether an error says that there was no memory left, on a GPU or in the machine."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # for ordinary memory torch and its libraries have words, and no type of their own
    told = ("can't allocate memory", "not enough memory", "could not create a memory", "std::bad_alloc")
    return isinstance(error, RuntimeError) and any(words in str(error) for words in told)


def release() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def more_micro_batches(examples: int, count: int, processes: int) -> int:
    """Return in how many micro-batches to take the examples that do not fit in so many.

    Args:
        examples: that this process has of a batch.
        count: micro-batches that it took them in.
        processes: of the run.

    Raises:
        InputError: there is no way on.
    """
    if processes > 1:
        # the others wait for this one's term of a sum, and it is lost
        raise InputError(
            f"out of memory: one of {processes} processes cannot hold its {examples} crops of a batch; "
            "resume with more processes, or start a new run with a smaller batch."
        )
    if count >= examples:
        raise InputError(
            "out of memory: not even one crop at a time fits; start a run with a smaller generator.width, "
            "or resume on a machine with more memory."
        )
    return min(2 * count, examples)
