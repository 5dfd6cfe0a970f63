"""Everything that tests put into the AWS of their process, under one clock."""

from functools import cached_property

from tests.support.clock import Clock
from tests.support.departments import Departments
from tests.support.links import Links
from tests.support.people import People
from tests.support.scans import Scans
from tests.support.sockets import LIMIT, Sockets
from tests.support.workers import Workers


class World:
    """People, their links, departments and scans; the sockets that they watch, the workers that read their images.

    A part is made when it is first asked for. `limit`: of calls a minute on sockets.
    """

    def __init__(self, *, stands: bool = False, limit: int = LIMIT) -> None:
        self.clock = Clock(stands=stands)
        self._limit = limit

    @cached_property
    def people(self) -> People:
        return People()

    @cached_property
    def links(self) -> Links:
        return Links()

    @cached_property
    def departments(self) -> Departments:
        return Departments()

    @cached_property
    def scans(self) -> Scans:
        return Scans(self.clock.now)

    @cached_property
    def sockets(self) -> Sockets:
        return Sockets(self.clock, self._limit)

    @cached_property
    def workers(self) -> Workers:
        return Workers(self.clock)
