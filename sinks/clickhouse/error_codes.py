"""What ClickHouse's error codes say about an insert (src/Common/ErrorCodes.cpp of ClickHouse has them all)."""

MEMORY_LIMIT_EXCEEDED = 241
TRANSIENT_CODES = frozenset(
    {
        3,
        60,
        81,
        159,
        160,
        164,
        198,
        202,
        209,
        210,
        236,
        MEMORY_LIMIT_EXCEEDED,
        242,
        243,
        252,
        319,
        394,
        425,
        439,
        516,
        999,
    }
)
"""Codes that a retry overcomes: not migrated yet, too busy, no memory or disk, shutting down."""
VALUE_CODES = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        27,  # CANNOT_PARSE_INPUT_ASSERTION_FAILED
        33,  # CANNOT_READ_ALL_DATA
        38,  # CANNOT_PARSE_DATE
        41,  # CANNOT_PARSE_DATETIME
        69,  # ARGUMENT_OUT_OF_BOUND
        70,  # CANNOT_CONVERT_TYPE
        72,  # CANNOT_PARSE_NUMBER
        117,  # INCORRECT_DATA
        128,  # TOO_LARGE_ARRAY_SIZE
        131,  # TOO_LARGE_STRING_SIZE
        153,  # ILLEGAL_DIVISION
        321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
        349,  # CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
        376,  # CANNOT_PARSE_UUID
        395,  # FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
        407,  # DECIMAL_OVERFLOW
        469,  # VIOLATED_CONSTRAINT
        691,  # UNKNOWN_ELEMENT_OF_ENUM
    }
)
"""Codes that are about values of rows, and not about the table or the server."""


def is_transient(problem: Exception) -> bool:
    """Whether the same insert may succeed later: there was no answer, or one that is not about the rows."""
    code = getattr(problem, "code", None)
    return code is None or code in TRANSIENT_CODES


def is_too_large(problem: Exception) -> bool:
    """Whether a smaller block may succeed."""
    return getattr(problem, "code", None) == MEMORY_LIMIT_EXCEEDED


def is_about_values(problem: Exception) -> bool:
    """Whether the answer names values, so that it is a row's and not the table's."""
    return getattr(problem, "code", None) in VALUE_CODES
