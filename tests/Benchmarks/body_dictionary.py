#!/usr/bin/env python3
"""Makes the dictionary against which stored resources are compressed (src/Storage/Resources/BodyCodec.cs).

    ./run generate --patients 3000 --seed 5 --out COHORT
    tests/Benchmarks/body_dictionary.py COHORT src/Storage/Resources/Data/body-dictionary-1.txt

What resources have in common stands between what is each one's own: ids, dates, numbers, names. So every line is cut at
those, and the pieces that save most (length times how many resources hold them) are kept, the best last, as short distances
come first in the search. The file is part of the format of the database: once released it is never changed; another
generation gets another file and another leading byte.
"""
import collections
import heapq
import pathlib
import re
import sys

SIZE = 32 * 1024
OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids
    r"|\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d))?"  # dates
    r"|\d{9,}|(?<=[:\[,])-?\d+(?:\.\d+)?(?=[,}\]])"  # numbers
    r"|(?<=nhs\.uk/)[A-Z0-9]+|(?<=Organization/)[A-Z0-9]+|(?<=code\",\"value\":\")[A-Z0-9]+"  # organisations
    r"|(?<=\"family\":\")[^\"]+|(?<=\"given\":\[\")[^\"]+|(?<=\"line\":\[\")[^\"]+|(?<=\"postalCode\":\")[^\"]+"
    r"|(?<=\"phone\",\"value\":\")[^\"]+|(?<=\"district\":\")[^\"]+|(?<=\"prefix\":\[\")[^\"]+"
    r"|(?<=\"valueString\":\")[^\"]+|(?<=\"display\":\")[A-Z][a-z]+ [A-Z][a-z]+(?=\"\})"  # people and places
)


CODED = re.compile(r"((?:\"(?:code|display|text|unit|system)\":\"[^\"]*\"[,}\]]*)+)")


def uncovered(piece: str, text: str) -> list[str]:
    """What of a piece the text does not have yet, with a little on either side."""
    spans, at, start = [], 0, None
    while at < len(piece):
        length = 0
        while at + length < len(piece) and piece[at : at + length + 1] in text:
            length += 1
        if length >= 10:
            if start is not None:
                spans.append(piece[max(0, start - 4) : at + 4])
                start = None
            at += length
        else:
            start = at if start is None else start
            at += 1
    if start is not None:
        spans.append(piece[max(0, start - 4) :])
    return [span for span in spans if len(span) >= 8]


def main(cohort: str, out: str) -> None:
    pieces = collections.Counter()
    for file in sorted(pathlib.Path(cohort).glob("*.ndjson")):
        # A type that is rare here may be frequent elsewhere.
        for line in file.read_text(encoding="utf-8").splitlines()[:4000]:
            whole = [piece for piece in OWN.split(line) if piece]
            parts = [part for piece in whole for part in CODED.split(piece)]
            pieces.update({piece for piece in whole + parts if len(piece) >= 8})

    # The best first; what a better one has covered already comes again with what is left of it.
    waiting = [(-count * len(piece), count, piece) for piece, count in pieces.items() if count >= 8]
    heapq.heapify(waiting)
    chosen, text = [], ""
    while waiting and len(text) < SIZE:
        _, count, piece = heapq.heappop(waiting)
        left = uncovered(piece, text)
        saved = count * sum(map(len, left))
        if not left:
            continue
        if waiting and saved < -waiting[0][0]:
            heapq.heappush(waiting, (-saved, count, piece))
            continue
        for span in left if sum(map(len, left)) * 2 < len(piece) else [piece]:
            if len(text) + len(span) <= SIZE:
                chosen.append(span)
                text += span

    pathlib.Path(out).write_text("".join(reversed(chosen)), encoding="utf-8", newline="")
    print(f"{len(chosen)} pieces, {len(text)} characters")


if __name__ == "__main__":
    main(*sys.argv[1:])
