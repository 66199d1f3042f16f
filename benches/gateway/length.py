"""What each racer is given to do, and for how long: some eight minutes in all on a quiet machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Length:
    """How long it all takes."""

    rounds: int = 5
    seconds: float = 2
    """Of whole answers; of those before and after a burst."""
    streams: int = 200
    full: float = 4
    """Seconds as fast as it goes, of streams of `pieces`."""
    pieces: int = 50
    paced: float = 6
    """Seconds at five pieces a second on each stream."""
    burst: int = 500

    def loads(self) -> dict[str, list[float | str]]:
        """The words for load.py."""
        return {
            "warm": ["plain", 1, 1],
            "warm stream": ["stream", 2, 0.5, 5, 0],
            "one": ["plain", 1, self.seconds],
            "many": ["plain", 32, self.seconds],
            "full": ["stream", self.streams, self.full, self.pieces, 0],
            "burst": ["burst", self.burst, self.seconds],
            "paced": ["stream", self.streams, self.paced, 10, 0.2],
        }


SHORT = Length(rounds=2, seconds=0.5, streams=40, full=0.5, pieces=20, paced=1, burst=100)
