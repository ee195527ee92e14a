"""Random numbers: the very numbers that torch draws on a CPU for the same seed.

The engine is MT19937, which NumPy has too; what turns its 32-bit words into uniform and normal
numbers is written out here. Long float32 normals go through single-precision polynomials for
log, sin and cos with fused multiply-adds (the constants are those of the Cephes library), so
that every bit agrees.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np

from .tensor import fresh

Array = np.ndarray
F32, F64 = np.float32, np.float64


STATE = np.dtype({
    "names": ["seed", "left", "seeded", "next", "words", "spare", "has_spare"],
    "formats": ["u8", "i4", "i4", "u8", ("u8", 624), "f8", "i4"],
    "offsets": [0, 8, 12, 16, 24, 5024, 5040], "itemsize": 5056,
})  # fmt: skip


class Generator:
    """A source of random numbers with a state of its own."""

    def __init__(self, device: Any = "cpu"):
        self.device = device
        self._engine = np.random.RandomState(0)
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start over from `seed`; returns the generator."""
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise RuntimeError("Overflow when unpacking long long")
        self._seed = seed % 2**64
        self._engine.seed(self._seed & 0xFFFFFFFF)
        self._spare: float | None = None  # normals come in pairs; the second waits here
        return self

    def initial_seed(self) -> int:
        return self._seed

    def seed(self) -> int:
        """Start over from a seed drawn from the system; returns that seed."""
        self.manual_seed(int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 11))
        return self._seed

    def get_state(self) -> Any:
        """Where the generator stands, as torch writes it down: a tensor of 5,056 bytes."""
        engine: Any = self._engine.get_state(legacy=True)
        _, words, position, *_ = engine
        state = np.zeros((), STATE)
        state["seed"], state["seeded"], state["words"] = self._seed, 1, words
        state["left"], state["next"] = 625 - position, position
        if self._spare is not None:
            state["spare"], state["has_spare"] = self._spare, 1
        return fresh(np.frombuffer(state.tobytes(), np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Go back to where `get_state` was called."""
        state = np.frombuffer(new_state._a.tobytes(), STATE)[0]
        # (Just seeded, torch has none left and starts at 0, where NumPy stands at the end.)
        position = 624 if state["left"] == 1 else int(state["next"])
        self._seed = int(state["seed"])
        self._engine.set_state(("MT19937", state["words"].astype(np.uint32), position, 0, 0.0))
        self._spare = float(state["spare"]) if state["has_spare"] else None
        return self

    # -- words and uniforms ------------------------------------------------------------------

    def words(self, n: int) -> Array:
        """`n` raw 32-bit words."""
        return self._engine.randint(0, 2**32, n, dtype=np.uint32)

    def words64(self, n: int) -> Array:
        w = self.words(2 * n).astype(np.uint64)
        return (w[0::2] << np.uint64(32)) | w[1::2]

    def uniform(self, n: int, dtype: Any) -> Array:
        """`n` numbers in [0, 1): 24 random bits for float32 and 53 for float64."""
        if np.dtype(dtype).kind == "c":
            return self._pairs(self.uniform, n, dtype)
        if dtype == F64:
            return (self.words64(n) & np.uint64(2**53 - 1)).astype(F64) * 2.0**-53
        if dtype == np.float16:
            return ((self.words(n) & np.uint32(2**11 - 1)).astype(F32) * F32(2.0**-11)).astype(
                np.float16
            )
        return (self.words(n) & np.uint32(2**24 - 1)).astype(F32) * F32(2.0**-24)

    @staticmethod
    def _pairs(draw: Any, n: int, dtype: Any) -> Array:
        """Complex numbers: real and imaginary parts drawn in turn."""
        return draw(2 * n, F64 if dtype == np.complex128 else F32).view(dtype)

    # -- normals -----------------------------------------------------------------------------

    def normal(self, n: int, dtype: Any) -> Array:
        """`n` standard normals, by the Box-Muller transform."""
        if np.dtype(dtype).kind == "c":
            return self._pairs(self.normal, n, dtype) * np.sqrt(0.5, dtype=dtype)
        if n >= 16 and dtype != np.float16:
            return self._normal_blocks(n, dtype)
        out = np.empty(n, dtype)
        for i in range(n):
            if self._spare is not None:
                out[i], self._spare = self._spare, None
                continue
            u1, u2 = (float(u) for u in self.uniform(2, F64))
            r, t = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
            out[i], self._spare = r * math.cos(t), r * math.sin(t)
        return out

    def _normal_blocks(self, n: int, dtype: Any) -> Array:
        # Sixteen at a time: the first eight uniforms give radii, the last eight angles.
        u = self.uniform(n, dtype)
        whole = n // 16 * 16
        u[:whole] = _box_muller(u[:whole])
        if n % 16:
            u[n - 16 :] = _box_muller(self.uniform(16, dtype))
        return u

    # -- integers ----------------------------------------------------------------------------

    def integers(self, low: int, high: int, n: int) -> Array:
        span = high - low
        w = self.words(n).astype(np.uint64) if span < 2**28 else self.words64(n)
        return (w % np.uint64(span)).astype(np.int64) + low

    def permutation(self, n: int) -> Array:
        p = list(range(n))
        for i, w in enumerate(self.words(max(n - 1, 0)).tolist()):
            j = i + w % (n - i)
            p[i], p[j] = p[j], p[i]
        return np.array(p, dtype=np.int64)


def _box_muller(u: Array) -> Array:
    blocks = u.reshape(-1, 2, 8)
    u1, u2 = 1 - blocks[:, 0], blocks[:, 1]
    out = np.empty_like(blocks)
    if u.dtype == F64:
        log = np.array([math.log(x) for x in u1.ravel().tolist()]).reshape(u1.shape)
        t = 2.0 * math.pi * u2
        flat = t.ravel().tolist()
        cos = np.array([math.cos(x) for x in flat]).reshape(t.shape)
        sin = np.array([math.sin(x) for x in flat]).reshape(t.shape)
    else:
        log = _log32(u1)
        sin, cos = _sincos32(F32(2.0 * math.pi) * u2)
    r = np.sqrt(u.dtype.type(-2) * log)
    out[:, 0], out[:, 1] = r * cos, r * sin
    return out.reshape(u.shape)


def fma32(a: Any, b: Any, c: Any) -> Any:
    """a * b + c in float32 with one rounding, as a processor's fused instruction gives it.

    The product is exact in float64. The sum is rounded to odd there (the last bit is set when
    anything was lost), so that rounding once more to float32 cannot go wrong.
    """
    p = np.multiply(a, b, dtype=F64)
    c = np.asarray(c, dtype=F64)
    s = np.atleast_1d(p + c)
    t = s - p
    lost = (p - (s - t)) + (c - t)
    bits = s.view(np.int64)
    even = (bits & 1) == 0
    toward = np.where((lost > 0) == (s > 0), 1, -1)
    s = np.where((lost != 0) & even, (bits + toward), bits).view(F64)
    return s.astype(F32).reshape(np.shape(p + c))


_LOG = [
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]  # fmt: skip


def _log32(x: Array) -> Array:
    """Natural logarithm of positive float32 numbers: x = m * 2**e, then a polynomial in m - 1."""
    m, e = np.frexp(x)  # m in [0.5, 1)
    small = m < F32(0.707106781186547524)
    e = e.astype(F32) - small.astype(F32)
    m = np.where(small, m + m - F32(1), m - F32(1)).astype(F32)
    z = m * m
    y = np.full_like(m, F32(_LOG[0]))
    for c in _LOG[1:]:
        y = fma32(y, m, F32(c))
    y = y * m
    y = fma32(y, z, e * F32(-2.12194440e-4))
    y = fma32(z, F32(-0.5), y)
    return fma32(e, F32(0.693359375), m + y)


def _sincos32(x: Array) -> tuple[Array, Array]:
    """Sine and cosine of non-negative float32 angles: by octant, then a polynomial in each."""
    j = (x * F32(1.27323954473516)).astype(np.int32)
    j = (j + 1) & ~1
    y = j.astype(F32)
    for part in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8):
        x = fma32(y, F32(part), x)
    z = x * x
    c = np.full_like(x, F32(2.443315711809948e-5))
    c = fma32(c, z, F32(-1.388731625493765e-3))
    c = fma32(c, z, F32(4.166664568298827e-2))
    c = c * z
    c = fma32(c, z, -(z * F32(0.5))) + F32(1)
    s = np.full_like(x, F32(-1.9515295891e-4))
    s = fma32(s, z, F32(8.3321608736e-3))
    s = fma32(s, z, F32(-1.6666654611e-1))
    s = fma32(s * z, x, x)
    swapped = (j & 2) != 0
    sin = np.where(swapped, c, s) * np.where(j & 4, F32(-1), F32(1))
    cos = np.where(swapped, s, c) * np.where((j - 2) & 4, F32(1), F32(-1))
    return sin.astype(F32), cos.astype(F32)


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator over from `seed`; returns it."""
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed that the default generator last started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """Where the default generator stands; see `Generator.get_state`."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Put the default generator where `get_rng_state` was called."""
    default_generator.set_state(new_state)


def seed() -> int:
    """Start the default generator over from a seed drawn from the system."""
    return default_generator.seed()


Generator.__module__ = "torch._C"


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cpu") -> Any:
    """Afterwards the default generator stands where it stood before."""
    state = default_generator.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)
