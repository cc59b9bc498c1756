// exp, expm1, log, log1p, tanh, sigmoid and erf on whole vectors, without calls or tables.
//
// Bits are handled as integers of the same width, and integers become floats (and back) by adding
// 1.5 * 2^23 (or 2^52), which every instruction set can do. Polynomials are minimax fits made for
// the interval they are used on. NaN and infinities go where NumPy sends them. Kernels run with
// denormals flushed; here they are built from and taken apart into integers, so that all functions
// hold over the whole range.
//
// Largest error found on any instruction set, in units of the last place and rounded up
// (tests/ops/test_ulp.py; float: the 2^32 numbers against float64, double: some millions against
// 80-bit floats):
//            exp  expm1  log  log1p  tanh  sigmoid  erf
//   float    1.0  1.4    0.9  0.9    1.6   1.8      1.4
//   double   0.9  1.4    0.8  0.8    1.5   1.7      1.4
#pragma once

#include "kernels/real.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// The first n lanes of v, `fill` in the others.
template <class T>
MINIDL_INLINE vec<T> keep_first(vec<T> v, int n, T fill) {
  vec<T> lane;
  for (int i = 0; i < kLanes<T>; ++i) lane[i] = static_cast<T>(i);
  return lane < broadcast(static_cast<T>(n)) ? v : broadcast(fill);
}

template <class T>
MINIDL_INLINE ivec<T> sign_bits(vec<T> x) {
  return (ivec<T>)x & (ivec<T>)broadcast(static_cast<T>(-0.0));
}
template <class T>
MINIDL_INLINE vec<T> vabs(vec<T> x) {
  return (vec<T>)((ivec<T>)x ^ sign_bits<T>(x));
}

// The bits of a denormal number are an integer, how many times the smallest one it is: read it as
// a normal float, and turn a float in [0, 2^23) back.
template <class T>
MINIDL_INLINE vec<T> from_denormal(ivec<T> bits) {
  return (vec<T>)(bits | Real<T>::kTwo23) - Real<T>::kShift;
}
template <class T>
MINIDL_INLINE ivec<T> to_denormal(vec<T> x) {
  return add_bits<T>((ivec<T>)(x + Real<T>::kShift), same_bits<T>(-Real<T>::kTwo23));
}

// c[0] x^(N-1) + ... + c[N-1]. The even and the odd powers are two chains of half the length: what
// bounds such a loop is waiting.
template <class T, int N>
MINIDL_INLINE vec<T> polynomial(vec<T> x, const T (&c)[N]) {
  constexpr int kEven = (N - 1) % 2, kOdd = N % 2;  // the highest of each
  const vec<T> z = x * x;
  vec<T> even = broadcast(c[kEven]), odd = broadcast(c[kOdd]);
#pragma GCC unroll 32  // or the coefficients would be copied to the stack first
  for (int i = 2; i < N; i += 2) {
    if (i + kEven < N) even = even * z + c[i + kEven];
    if (i + kOdd < N) odd = odd * z + c[i + kOdd];
  }
  return odd * x + even;
}

// x = n ln 2 + r with |r| <= ln 2 / 2. e^r - 1 is r + tail; `power` is n in the exponent field.
template <class T>
struct Reduced {
  vec<T> r, tail, n;
  ivec<T> power;
};

// kFine costs two operations and saves a quarter of an ulp.
template <class T, bool kFine = true>
MINIDL_INLINE Reduced<T> reduce_exp(vec<T> x) {
  using R = Real<T>;
  const vec<T> t = x * static_cast<T>(1.44269504088896340736) + R::kRound;
  const vec<T> n = t - R::kRound;
  const vec<T> high = x - n * R::kLn2Hi;
  const vec<T> r = high - n * R::kLn2Lo;
  vec<T> p;
  if constexpr (sizeof(T) == 4) {
    const T c[] = {1.39504974e-3f, 8.36888926e-3f, 4.16662057e-2f, 1.66665188e-1f, 5.00000010e-1f};
    p = polynomial<T>(r, c);
  } else {
    const T c[] = {2.09268623528520019e-9,
                   2.51122393589935136e-8,
                   2.75572336732817442e-7,
                   2.75572342364227789e-6,
                   2.48015873732798613e-5,
                   1.9841269897061723e-4,
                   1.38888888888587611e-3,
                   8.33333333331673608e-3,
                   4.16666666666667235e-2,
                   1.66666666666666839e-1,
                   0.5};
    p = polynomial<T>(r, c);
  }
  vec<T> tail = p * (r * r);
  if constexpr (kFine) tail += (high - r) - n * R::kLn2Lo;  // what rounding took from r
  return {r, tail, n, (ivec<T>)((uvec<T>)t << R::kMantissa)};
}

// e^x where that is a normal number; elsewhere, and for NaN, anything.
template <class T>
MINIDL_INLINE vec<T> exp_inside(vec<T> x) {
  const Reduced<T> e = reduce_exp<T, false>(x);
  return (vec<T>)add_bits<T>((ivec<T>)(static_cast<T>(1) + (e.r + e.tail)), e.power);
}

// e^r of |r| <= ln 2 / 2, within 3e-9.
constexpr float kExpPolynomial[] = {
    1.38146e-3f, 8.36872e-3f, 4.166839e-2f, 1.6666521e-1f, 4.9999993e-1f, 1, 1};

// e^x of x <= 0 (or NaN), and 0 where that would not be a normal number: for sums, which would lose
// such a term. In float ln 2 is a single number, which costs a fiftieth of an ulp for each power
// of two.
MINIDL_INLINE vec<float> exp_nonpositive(vec<float> x) {
  using R = Real<float>;
  constexpr float c[] = {
      1.38146e-3f, 8.36872e-3f, 4.166839e-2f, 1.6666521e-1f, 4.9999993e-1f, 1, 1};
#if defined(MINIDL_ISA_avx512)
  const vec<float> a = at_least<float>(x, R::kExpZero);
#else
  const vec<float> a = x;
#endif
  const vec<float> t = a * 1.44269504088896340736f + R::kRound, n = t - R::kRound;
  const vec<float> y = polynomial<float>(a - n * 0.69314718055994530942f, kExpPolynomial);
#if defined(MINIDL_ISA_avx512)
  return times_power_of_two<float>(y, n);
#else
  const ivec<float> power = (ivec<float>)((uvec<float>)t << R::kMantissa);
  const vec<float> z = (vec<float>)add_bits<float>((ivec<float>)y, power);
  const vec<float> low = x < broadcast(R::kExpMin) ? vec<float>{} : x;  // 0, or NaN
  return x >= broadcast(R::kExpMin) ? z : low;
#endif
}

MINIDL_INLINE vec<double> exp_nonpositive(vec<double> x) {
#if defined(MINIDL_ISA_avx512)
  const Reduced<double> e = reduce_exp<double, false>(at_least<double>(x, Real<double>::kExpZero));
  return times_power_of_two<double>(1.0 + (e.r + e.tail), e.n);
#else
  const vec<double> low = x < broadcast(Real<double>::kExpMin) ? vec<double>{} : x;
  return x >= broadcast(Real<double>::kExpMin) ? exp_inside<double>(x) : low;
#endif
}

// Of x in units of kUnit, which a product before may bring along, `power` is e^(x / kUnit) of x <=
// 0 (or a rounding error above), 0 where that is no normal number, NaN of NaN.
template <class T>
constexpr T kUnit = sizeof(T) == 4 ? static_cast<T>(1.44269504088896340736) : static_cast<T>(1);

MINIDL_INLINE vec<double> power(vec<double> x) {
  return exp_nonpositive(x);
}

// 2^floor(x) times a polynomial in the rest, which lies in [0, 1]; 1.4 units in the last place.
MINIDL_INLINE vec<float> power(vec<float> x) {
  constexpr float c[] = {2.1702255e-4f, 1.2439687e-3f, 9.6788406e-3f, 5.5483341e-2f,
                         2.4022983e-1f, 6.9314700e-1f, 1.0f};
#if defined(MINIDL_ISA_avx512)
  const vec<float> r = (vec<float>)_mm512_reduce_ps((__m512)x, 0x09);
  return times_power_of_two<float>(polynomial<float>(r, c), x);
#else
  const vec<float> least = broadcast(-126.0f), safe = x < least ? least : x;
  const vec<float> t = (safe - 0.5f) + Real<float>::kRound, n = t - Real<float>::kRound;
  const vec<float> y = polynomial<float>(safe - n, c);
  const ivec<float> exponent = (ivec<float>)((uvec<float>)t << Real<float>::kMantissa);
  const vec<float> z = (vec<float>)add_bits<float>((ivec<float>)y, exponent);
  const vec<float> low = x < least ? vec<float>{} : x;  // 0, or NaN
  return x >= least ? z : low;
#endif
}

// Results that are no normal numbers, out of the way: most vectors have none.
template <class T>
MINIDL_INLINE vec<T> vexp(vec<T> x) {
  using R = Real<T>;
  const Reduced<T> e = reduce_exp<T>(x);
  const ivec<T> y = (ivec<T>)(static_cast<T>(1) + (e.r + e.tail));
  const auto low = x < broadcast(R::kExpMin);
  const auto out = low | ~(x <= broadcast(R::kExpMax));
  if (__builtin_expect(any(out), 0)) {
    const Reduced<T> d = reduce_exp<T>(at_least<T>(x, R::kExpZero));
    const ivec<T> z = add_bits<T>((ivec<T>)(static_cast<T>(1) + (d.r + d.tail)), d.power);
    const vec<T> scaled = (vec<T>)add_bits<T>(z, same_bits<T>(R::kDenormals << R::kMantissa));
    const vec<T> high = x + static_cast<T>(__builtin_inf());  // NaN, or inf
    const vec<T> rare = low ? (vec<T>)to_denormal<T>(scaled) : high;
    return out ? rare : (vec<T>)add_bits<T>(y, e.power);
  }
  return (vec<T>)add_bits<T>(y, e.power);
}

// e^x - 1 without cancellation: 2^n r + (2^n - 1) loses next to nothing. The power is halved so
// that the largest one exists.
template <class T>
MINIDL_INLINE vec<T> vexpm1(vec<T> x) {
  using R = Real<T>;
  const T half = static_cast<T>(0.5);
  const Reduced<T> e = reduce_exp<T>(at_most<T>(at_least<T>(x, R::kExpm1Min), R::kExpMax));
  const vec<T> scale = (vec<T>)add_bits<T>(e.power, (ivec<T>)broadcast(half));
  const vec<T> y = scale * e.tail + (scale * e.r + (scale - half));
  const vec<T> up = x > broadcast(R::kExpMax) ? x + static_cast<T>(__builtin_inf()) : y + y;
  return vabs<T>(x) < broadcast(R::kTiny) ? x : up;
}

// log(x) + 2^k's part + extra / x, for normal x > 0. As fdlibm: x = 2^k (1 + f) with 1 + f near 1,
// s = f / (2 + f), a polynomial in s^2.
template <class T>
MINIDL_INLINE vec<T> log_inside(vec<T> x, vec<T> k, vec<T> extra) {
  using R = Real<T>;
  const ivec<T> i = add_bits<T>((ivec<T>)x, same_bits<T>(R::kOne - R::kSqrtHalf));
  const uvec<T> exponent = (uvec<T>)i >> R::kMantissa;
  k += (vec<T>)((ivec<T>)exponent | R::kTwo23) - (R::kShift + R::kBias);
  const vec<T> f = (vec<T>)((i & R::kMantissaMask) + R::kSqrtHalf) - static_cast<T>(1);
  const vec<T> s = f / (f + static_cast<T>(2));
  const vec<T> z = s * s;
  const vec<T> half = f * f * static_cast<T>(0.5);
  vec<T> r;
  if constexpr (sizeof(T) == 4) {
    const T c[] = {0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f};
    r = polynomial<T>(z, c) * z;
  } else {
    const T c[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                   2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                   6.666666666666735130e-01};
    r = polynomial<T>(z, c) * z;
  }
  return k * R::kLn2Hi + (f - (half - (s * (half + r) + (k * R::kLn2Lo + extra))));
}

template <class T>
MINIDL_INLINE vec<T> vlog(vec<T> x) {
  using R = Real<T>;
  const vec<T> inf = broadcast(static_cast<T>(__builtin_inf()));
  const ivec<T> bits = (ivec<T>)x;
  const auto denormal = bits < (ivec<T>{} + R::kMinNormal);
  const vec<T> k = denormal ? broadcast(-static_cast<T>(R::kDenormals)) : vec<T>{};
  vec<T> y = log_inside<T>(denormal ? from_denormal<T>(bits) : x, k, vec<T>{});
  y = x < inf ? y : x;
  const auto zero = (bits ^ sign_bits<T>(x)) == ivec<T>{};
  const vec<T> low = zero ? -inf : broadcast(static_cast<T>(__builtin_nan("")));
  return bits > ivec<T>{} ? y : low;
}

// log of u = 1 + x as rounded, and what rounding took from u goes into the sum.
template <class T>
MINIDL_INLINE vec<T> vlog1p(vec<T> x) {
  using R = Real<T>;
  const vec<T> inf = broadcast(static_cast<T>(__builtin_inf()));
  const vec<T> u = x + static_cast<T>(1);
  const vec<T> lost = x - (u - static_cast<T>(1));
  vec<T> y = log_inside<T>(u, vec<T>{}, lost / u);
  y = x < inf ? y : x;
  const vec<T> low = u == vec<T>{} ? -inf : broadcast(static_cast<T>(__builtin_nan("")));
  y = u <= vec<T>{} ? low : y;
  return vabs<T>(x) < broadcast(R::kTiny) ? x : y;
}

// A polynomial near 0, 1 - 2 / (e^2x + 1) beyond; comparisons are turned so that NaN takes the
// polynomial.
template <class T>
MINIDL_INLINE vec<T> vtanh(vec<T> x) {
  using R = Real<T>;
  const ivec<T> sign = sign_bits<T>(x);
  const vec<T> a = (vec<T>)((ivec<T>)x ^ sign), z = a * a;
  vec<T> p;
  if constexpr (sizeof(T) == 4) {
    const T c[] = {-6.28247831e-3f, 2.10777593e-2f, -5.38538573e-2f, 1.33326017e-1f,
                   -3.33333180e-1f};
    p = polynomial<T>(z, c);
  } else {
    const T c[] = {-1.9521053701273871e-5,  8.33601236627411106e-5,  -2.33412778238016017e-4,
                   5.88457074938233354e-4,  -1.45554599241735424e-3, 3.59209253425656988e-3,
                   -8.86323265301313122e-3, 2.18694883891213877e-2,  -5.39682539638794481e-2,
                   1.3333333333326835e-1,   -3.33333333333332998e-1};
    p = polynomial<T>(z, c);
  }
  const vec<T> near = a < broadcast(R::kTiny) ? opaque(a) : a + a * z * p;
  const vec<T> b = at_most<T>(a, R::kTanhMax);
  const vec<T> far =
      static_cast<T>(1) - static_cast<T>(2) / (exp_inside<T>(b + b) + static_cast<T>(1));
  const vec<T> y = a >= broadcast(static_cast<T>(0.55)) ? far : near;
  return (vec<T>)((ivec<T>)y | sign);
}

// 1 / (1 + e^-x) with e^-x = 2^n (1 + q). The denominator is (1 + 2^n) + 2^n q, with what the first
// sum lost: the second is the only one that rounds. Where the result is no normal number it is e^x.
template <class T>
MINIDL_INLINE vec<T> vsigmoid(vec<T> x) {
  const T one = 1;
  const auto low = x < broadcast(Real<T>::kExpMin);
  const Reduced<T> e = reduce_exp<T>(-at_most<T>(x, Real<T>::kSigmoidMax));
  const vec<T> scale = (vec<T>)add_bits<T>(e.power, (ivec<T>)broadcast(one));
  const vec<T> sum = scale + one, lost = one - (sum - scale);
  const vec<T> y = one / (sum + (scale * (e.r + e.tail) + lost));
  if (__builtin_expect(any(low), 0)) return low ? vexp<T>(x) : y;
  return y;
}

// The same for use in a product with x (a NaN may be lost): in float within 4 units in the last
// place, 0 below -88, and for half the work.
MINIDL_INLINE vec<float> sigmoid_factor(vec<float> x) {
  using R = Real<float>;
  const vec<float> a = at_most<float>(at_least<float>(x, -88.0f), 88.0f);
  const vec<float> t = R::kRound - a * 1.44269504088896340736f, n = t - R::kRound;
  const vec<float> y = polynomial<float>((-n * R::kLn2Hi - a) - n * R::kLn2Lo, kExpPolynomial);
  const ivec<float> power = (ivec<float>)((uvec<float>)t << R::kMantissa);
  return 1.0f / (1.0f + (vec<float>)add_bits<float>((ivec<float>)y, power));
}
MINIDL_INLINE vec<double> sigmoid_factor(vec<double> x) {
  return vsigmoid<double>(x);
}

// erf(a) of a >= 0 and, in passing, e^-a^2 (of a up to kErfcMax, where nothing is left of it).
template <class T>
MINIDL_INLINE vec<T> erf_positive(vec<T> a, vec<T>* gauss) {
  using R = Real<T>;
  const vec<T> z = a * a, b = at_most<T>(a, R::kErfcMax), u = b - R::kErfSplit;
  *gauss = exp_inside<T>(-(b * b));
  vec<T> p, q;
  if constexpr (sizeof(T) == 4) {
    const T near[] = {-6.22242218e-4f, 5.03587168e-3f,  -2.67939540e-2f,
                      1.12825241e-1f,  -3.76125571e-1f, 1.28379159e-1f};
    const T far[] = {1.42761772e-4f,  -1.43393483e-3f, 6.69884163e-3f,
                     -2.04329165e-2f, 4.86725154e-2f,  -1.00616148e-1f,
                     1.87919387e-1f,  -3.15832145e-1f, 4.64311570e-1f};
    p = polynomial<T>(z, near);
    q = polynomial<T>(u, far);
  } else {
    const T near[] = {5.9606104130681964e-11,  -1.13749082707469566e-9, 1.46603155651802656e-8,
                      -1.63503941269490049e-7, 1.64610082659715705e-6,  -1.49255957580297132e-5,
                      1.20553311323245451e-4,  -8.54832698140697837e-4, 5.22397762482808391e-3,
                      -2.68661706450778368e-2, 1.12837916709548843e-1,  -3.76126389031837482e-1,
                      1.28379167095512574e-1};
    const T far[] = {1.17238366246065234e-12, -3.92610791463925765e-11, 6.18910920390635012e-10,
                     -6.1505335622586159e-9,  4.36728634787485527e-8,   -2.39097592836597141e-7,
                     1.06860555937733347e-6,  -4.09313869241228804e-6,  1.40180564490675529e-5,
                     -4.44052131574292246e-5, 1.33078549819700193e-4,   -3.81595302405670748e-4,
                     1.05010071397320328e-3,  -2.76900557759257179e-3,  6.97012729915434726e-3,
                     -1.66618664147604347e-2, 3.75722959029265654e-2,   -7.92269689193508439e-2,
                     1.54371561371103148e-1,  -2.73212014783887043e-1,  4.27583576155806977e-1};
    p = polynomial<T>(z, near);
    q = polynomial<T>(u, far);
  }
  const vec<T> y = static_cast<T>(1) - *gauss * q;
  return a >= broadcast(R::kErfSplit) ? y : a + a * p;
}

// Of a tiny number erf is 2 / sqrt(pi) times it; of a denormal one, it and 0.128... of it, in
// integers.
template <class T>
MINIDL_INLINE vec<T> verf(vec<T> x) {
  using R = Real<T>;
  const ivec<T> sign = sign_bits<T>(x), bits = (ivec<T>)x ^ sign;
  const vec<T> a = (vec<T>)bits;
  vec<T> gauss;
  vec<T> y = erf_positive<T>(a, &gauss);
  y = a < broadcast(R::kTiny) ? a * static_cast<T>(1.12837916709551257390) : y;
  const vec<T> rest = from_denormal<T>(bits) * static_cast<T>(0.12837916709551257390);
  const auto denormal = bits < (ivec<T>{} + R::kMinNormal);
  return (vec<T>)((denormal ? add_bits<T>(bits, to_denormal<T>(rest)) : (ivec<T>)y) | sign);
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
