"""All functions that expressions have besides CEL's own, its macros and its `math` extension."""

from headrace.engine.definition.expressions.functions.data import DATA
from headrace.engine.definition.expressions.functions.instants import INSTANTS
from headrace.engine.definition.expressions.functions.lists import LISTS
from headrace.engine.definition.expressions.functions.strings import STRINGS

FUNCTIONS = (*STRINGS, *LISTS, *INSTANTS, *DATA)
