"""What a walk found, kept up to date by news of single places, as long as that is sure to be what a walk would find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.sources.selection import Limits, is_skipped, is_yaml, printable
from iter8_gitops.sources.walk import Found, Kind, Survey


@dataclass(frozen=True, slots=True)
class ListingNews:
    """Files that are there, whatever is in them now, and files that are not there any more."""

    there: tuple[Found, ...]
    gone: tuple[Found, ...]


class Listing:
    """The files that a walk from the folder at `start` found. Owned and changed by one caller.

    Links make one place show through another, so with any of them only edits are followed; and so it is where
    something was refused, whose place is not known.
    """

    def __init__(self, survey: Survey, start: str, limits: Limits) -> None:
        self._start = f"{start.rstrip('/')}/" if start else ""
        self._limits = limits
        self._files = {found.place: found for found in survey.found if not found.refusal}
        self._paths = {found.path for found in survey.found}
        self._links = survey.links
        self._folders = set(survey.folders)
        self._refused = any(found.refusal for found in survey.found)
        self._unique = len(self._paths) == len(survey.found)

    @property
    def is_empty(self) -> bool:
        """Whether no file is there."""
        return not self._files

    def take(self, places: Mapping[str, Kind | None]) -> ListingNews | None:
        """Take in what is at these places now (None: nothing). None when only another walk can tell what follows."""
        there: list[Found] = []
        gone: list[Found] = []
        for place, kind in places.items():
            found = self._files.get(place)
            if not self._unique or place in self._links or place in self._folders:
                return None
            if kind is Kind.FILE and found is not None:
                there.append(found)
            elif kind is None and found is None and not self._refused and not (self._links and self._is_skipped(place)):
                continue
            elif kind not in (Kind.FILE, None) or self._links or self._refused:
                return None
            elif found is not None:
                gone.append(self._files.pop(place))
                self._paths.discard(found.path)
            elif self._is_read(place):
                added = self._add(place)
                if added is None:
                    return None
                there.append(added)
        return ListingNews(tuple(there), tuple(gone))

    def _is_read(self, place: str) -> bool:
        return place.startswith(self._start) and is_yaml(place) and not self._is_skipped(place)

    def _is_skipped(self, place: str) -> bool:
        """Whether a walk passes over a place below the start; a link in such a place may still be followed."""
        return any(map(is_skipped, place[len(self._start) :].split("/")))

    def _add(self, place: str) -> Found | None:
        added = Found(printable(place[len(self._start) :]), place)
        if added.path in self._paths:
            return None
        self._files[place] = added
        self._paths.add(added.path)
        folder = place.rpartition("/")[0]
        while folder and len(folder) > len(self._start) and folder not in self._folders:
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]
        within = len(self._files) <= self._limits.files and len(self._folders) <= self._limits.folders
        return added if within else None
