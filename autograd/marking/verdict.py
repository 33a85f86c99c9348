"""The verdicts on a claim, each with a sentence: what programs compare, and what a reader is
told.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What a claim is found to be: a name, and in `sentence` what it means.

    >>> Verdict.SIGN.value, Verdict.SIGN.sentence
    ('SIGN', 'a sign is the other way round')
    """

    sentence: str

    def __new__(cls, name: str, sentence: str = "") -> "Verdict":
        verdict = str.__new__(cls, name)
        verdict._value_ = name
        verdict.sentence = sentence
        return verdict

    # fmt: off
    # right
    EXACT = "exact", "it is so"
    ROUNDED = "ROUNDED", "right, rounded to the digits that are written"
    CUT = "CUT", "right, cut off at the digits that are written"
    FOLLOWS_ROUNDED = "FOLLOWS FROM ROUNDED", "right for the rounded numbers written"
    DEFINED = "DEFINED", "a name of the writer's own"
    # not true, and yet nothing new is wrong
    FOLLOWS = "FOLLOWS FROM LINE", "consistent with a slip in a line above: nothing more is deducted"
    # open
    NOT_ANSWERED = "NOT ANSWERED", "a part of it is left blank"
    NOT_READ = "NOT READ", "what is written is not understood"
    UNREADABLE = "UNREADABLE", "what is written is not understood"
    UNKNOWN_NAME = "UNKNOWN NAME", "a name stands for nothing that is known"
    REFUSED = "REFUSED", "what is written is too long, or too deep, to be marked"
    NO_RATE = "NO RATE", "no line states the learning rate"
    SAYS_NOTHING = "SAYS NOTHING", "it is claimed to be equal to itself"
    UNSURE = "UNSURE", "it can be read in a way that is right, and in one that is wrong"
    # wrong
    WRONG = "WRONG", "it is not so, and no known slip gives it"
    COINCIDENCE = "COINCIDENCE", "the two agree at these numbers, and not at others"
    NOT_DEFINED = "NOT DEFINED", "it has no number here"
    TOO_FEW_DIGITS = "TOO FEW DIGITS", "the digits that are written do not tell"
    ARITHMETIC = "ARITHMETIC", "it is not what the numbers before it give"
    DIGIT_LEFT_OUT = "DIGIT LEFT OUT", "a digit of the number is left out"
    SIGN = "SIGN", "a sign is the other way round"
    TWICE = "FACTOR 2", "it is twice what it should be"
    HALF = "FACTOR 1/2", "it is half of what it should be"
    THRICE = "FACTOR 3", "it is three times what it should be"
    THIRD = "FACTOR 1/3", "it is a third of what it should be"
    FOURFOLD = "FACTOR 4", "it is four times what it should be"
    QUARTER = "FACTOR 1/4", "it is a quarter of what it should be"
    TENFOLD = "FACTOR 10", "it is ten times what it should be"
    TENTH = "FACTOR 1/10", "it is a tenth of what it should be"
    FACTOR_LEFT_OUT = "FACTOR LEFT OUT", "a factor of the chain is left out"
    FORGOT_ONE_MINUS = "FORGOT 1 − OUT", "of out·(1 − out) the second factor is left out"
    TERM_LEFT_OUT = "TERM LEFT OUT", "a term of a sum is left out"
    EXPONENT_LEFT_OUT = "EXPONENT LEFT OUT", "an exponent is left out"
    SWAPPED_INDEX = "SWAPPED INDEX", "another of the same kind stands there"
    PRE = "PRE- for POST-ACTIVATION", "net stands where out belongs"
    POST = "POST- for PRE-ACTIVATION", "out stands where net belongs"
    WRONG_NAME = "WRONG NAME", "another name belongs there"
    STANDS_FOR = "STANDS FOR", "a number is not what its symbol is"
    MISSING_PATH = "MISSING PATH", "one of several paths is left out of the sum"
    PATHS_NOT_SUMMED = "SUM OVER PATHS NOT TAKEN", "one path of several is taken, and not their sum"
    STALE = "STALE", "the weights were updated before the gradient was taken"
    DIVIDED = "DIVIDED INSTEAD OF MULTIPLIED", "a factor of the product stands below it"
    MULTIPLIED = "MULTIPLIED INSTEAD OF DIVIDED", "what is divided by stands in a product"
    RECIPROCAL = "RECIPROCAL", "it is one over what it should be"
    NO_ACTIVATION = "ACTIVATION'S DERIVATIVE LEFT OUT", "the slope of the activation is left out"
    WRONG_PLACE = "DERIVATIVE AT THE WRONG PLACE", "the slope is taken at the result, not at the argument"
    SIGMOID_TWICE = "SIGMOID TWICE", "the sigmoid is applied to what has been through it"
    TANH_OF_RESULT = "1 − tanh(z)² OF a", "the result is put through tanh once more in its slope"
    SIGMOID_SLOPE = "SIGMOID'S SLOPE FOR tanh", "h·(1 − h) is sigmoid's slope, and tanh' = 1 − h²"
    NO_SQUARE = "SQUARE LEFT OUT", "the square is missing in 1 − h², the slope of tanh"
    ITSELF = "FUNCTION FOR ITS SLOPE", "an activation stands where its slope belongs"
    PATHS_MULTIPLIED = "PATHS MULTIPLIED", "what several paths give is multiplied, and not added"
    BY_WEIGHT = "DERIVATIVE BY A WEIGHT", "the derivative by a weight stands for that by the bias"
    EXAMPLES_NOT_SUMMED = "SUM OVER EXAMPLES", "one example's term stands for the sum of all"
    MEAN_LEFT_OUT = "1/m LEFT OUT", "the sum over the examples is not divided by their number"
    MEAN_TWICE = "1/m TWICE", "the sum over the examples is divided by their number twice"
    BIAS_NOT_SUMMED = "BIAS NOT SUMMED", "one neuron's part stands for a bias that several share"
    UPDATE_ADDED = "UPDATE ADDED", "the step is added, and goes uphill"
    REGULARISER_LEFT_OUT = "REGULARISER LEFT OUT", "the penalty's derivative is left out"
    REGULARISER_ON_BIAS = "REGULARISER ON THE BIAS", "the penalty is on the weights alone"
    REGULARISER_WITHOUT_2 = "REGULARISER WITHOUT 2", "the square of the penalty is derived without its 2"
    LOGARITHM = "LOGARITHM OF ANOTHER BASE", "ln is meant, and another logarithm is taken"
    TRANSPOSED = "TRANSPOSED", "a matrix, or the whole, is the transpose of what belongs there"
    OUTER_SWAPPED = "OUTER PRODUCT SWAPPED", "the two vectors of an outer product have changed places"
    ELEMENTWISE = "ELEMENTWISE FOR MATRIX PRODUCT", "elements are multiplied where a matrix product belongs"
    DIAGONAL_ONLY = "DIAGONAL ONLY", "of softmax's derivatives those off the diagonal are left out"
    DEGREES = "DEGREES", "the angle is in radians"
    # fmt: on


RIGHT = (Verdict.EXACT, Verdict.ROUNDED, Verdict.CUT, Verdict.FOLLOWS_ROUNDED, Verdict.DEFINED)
OPEN = (
    Verdict.NOT_ANSWERED,
    Verdict.NOT_READ,
    Verdict.UNREADABLE,
    Verdict.UNKNOWN_NAME,
    Verdict.REFUSED,
    Verdict.NO_RATE,
    Verdict.SAYS_NOTHING,
    Verdict.UNSURE,
)
