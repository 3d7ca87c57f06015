"""
The parts of a server, put together.

Starts nothing.
"""

from collections.abc import Callable

from headrace.local.adoption import WORKFLOW, Adoption
from headrace.local.inventory import Inventory
from headrace.local.news import Event, News
from headrace.local.reading import Files
from headrace.local.served_backfills import ServedBackfills
from headrace.local.served_definitions import BACKFILL, ServedDefinitions
from headrace.local.served_pools import ServedPools
from headrace.local.server import Server
from headrace.local.site import Site
from headrace.local.workflows import Workflows


def house(
    site: Site,
    inventory: Inventory,
    pools: ServedPools,
    files: Files,
    say: Callable[[Event], None],
) -> Server:
    """
    Return the server of a folder. Its `runs` are missing: they need `news` of it.

    Args:
        site: The folder.
        inventory: Its runs.
        pools: Its pools.
        files: Its manifests.
        say: Called with each event.

    """
    definitions = ServedDefinitions(site)
    server = Server(site, definitions, files, say)
    server.news = News(say, server.began, server.ended)
    server.subjects = {
        WORKFLOW: Workflows(site, definitions, inventory, server.run_asked, server.news.noted),
        BACKFILL: ServedBackfills(site, definitions, inventory, server.run_asked, say),
    }
    server.taking = Adoption(site, definitions, pools, server, say)
    return server
