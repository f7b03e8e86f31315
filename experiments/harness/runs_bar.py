"""What is shown while runs train: how many are finished, where the others are, the time left."""

from tqdm import tqdm

from ann.runs.folder import RunFolder


class RunsBar:
    """A progress bar on a terminal; else a line for each run that ends.

    Its length is the MACs of training. Runs differ by much: counted in runs, the time left would be
    far off.

    Args:
        epochs: dictionary from the folder of a run to its number of epochs.
        macs: dictionary from the folder of a run to the MACs of its training.
    """

    def __init__(self, epochs: dict, macs: dict):
        self.epochs = epochs
        self.macs = macs
        self.ended = {}
        self.bar = tqdm(
            total=sum(macs.values()),
            initial=sum(self._macs_done(path) for path in macs),
            bar_format="{percentage:3.0f}%|{bar:20}| {elapsed} passed, {remaining} left{postfix}",
            disable=None,  # where there is no terminal
        )
        if self.bar.disable and macs:
            print(f"0/{len(macs)} runs are finished", flush=True)

    def show(self) -> None:
        """Brings the bar up to date."""
        if self.bar.disable:
            return
        self.bar.n = sum(self._macs_done(path) for path in self.macs)
        running = [path for path in self.macs if RunFolder(path).lock_holder.exists()]
        where = [
            f"{one.name} epoch {RunFolder(one).epochs_done}/{self.epochs[one]}" for one in running
        ]
        self.bar.set_postfix_str("; ".join([f"{len(self.ended)}/{len(self.macs)} runs", *where]))

    def end(self, path, text: str) -> None:
        """Counts a run as ended and tells how."""
        self.ended[path] = text
        if self.bar.disable:
            print(f"{len(self.ended)}/{len(self.macs)} runs: {path.name} {text}", flush=True)
        self.show()

    def close(self) -> None:
        """Leaves the last state of the bar on the screen."""
        self.bar.close()

    def _macs_done(self, path):
        if path in self.ended:
            return self.macs[path]
        return self.macs[path] * RunFolder(path).epochs_done / self.epochs[path]
