"""How far a command is, shown where it was typed."""

import sys

from tqdm import tqdm


class Bar(tqdm):
    """A progress bar that is called with how many are done and how many there are."""

    def __init__(self, unit: str):
        super().__init__(unit=f" {unit}", disable=None)

    def __enter__(self):
        super().__enter__()
        return self._progress

    def _progress(self, done: int, total: int) -> None:
        self.total = total
        self.update(done - self.n)


class Methods(tqdm):
    """A progress bar of one method after another."""

    def __init__(self):
        super().__init__(disable=None)

    def report(self, method: str, what: str, done: int, of: int) -> None:
        """Show how far a method is."""
        self.set_description(f"{method}, {what}", refresh=False)
        self.total = of
        self.n = done
        self.refresh()

    def say(self, text: str) -> None:
        """Print a line above the bar, where it leaves the command's answer alone."""
        self.write(text, file=sys.stderr)


class Steps(tqdm):
    """A progress bar of training steps, with the last scores beside it."""

    def __init__(self, run):
        super().__init__(unit=" steps", disable=None)
        self.run = run

    def __enter__(self):
        super().__enter__()
        return self._progress

    def _progress(self, row: dict) -> None:
        if row["kind"] == "validation":
            self.write(
                f"epoch {row['epoch']}: validation Jaccard nucleus {row['nucleus']:.4f}, "
                f"cytoplasm {row['cytoplasm']:.4f}",
                file=sys.stderr,
            )
        else:
            self.total = self.run.read_status().get("steps")
            self.update(row["step"] - self.n)
