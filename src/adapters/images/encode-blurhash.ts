/**
 * A picture as a few cosines, written in base 83 (https://github.com/woltapp/blurhash, Algorithm.md). Pure.
 *
 * Written here because the package `blurhash` takes the largest component by its sign: of a picture that grows brighter to
 * the right or downwards it clips nearly all contrast. The C code Mastodon uses takes the largest by its size.
 */

const COMPONENTS = 4
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'

type Colour = readonly [number, number, number]

/** Of sRGB pixels in rows, `channels` bytes each, of which the first three count; 4x4 components. */
export function encodeBlurhash(pixels: Uint8Array, width: number, height: number, channels: number): string {
  const light = Float64Array.from({ length: 256 }, (_, value) => toLinear(value))
  const [across, down] = [cosines(width), cosines(height)]
  const components: Colour[] = []
  for (let j = 0; j < COMPONENTS; j++) {
    for (let i = 0; i < COMPONENTS; i++) {
      let [red, green, blue] = [0, 0, 0]
      for (let y = 0, at = 0; y < height; y++) {
        const row = down[j * height + y] ?? 0
        for (let x = 0; x < width; x++, at += channels) {
          const basis = row * (across[i * width + x] ?? 0)
          red += basis * (light[pixels[at] ?? 0] ?? 0)
          green += basis * (light[pixels[at + 1] ?? 0] ?? 0)
          blue += basis * (light[pixels[at + 2] ?? 0] ?? 0)
        }
      }
      const scale = (i + j === 0 ? 1 : 2) / (width * height)
      components.push([red * scale, green * scale, blue * scale])
    }
  }
  return spell(components)
}

/** cos(pi i x / length) for every component i and place x. */
function cosines(length: number): Float64Array {
  return Float64Array.from({ length: COMPONENTS * length }, (_, at) =>
    Math.cos((Math.PI * Math.floor(at / length) * (at % length)) / length),
  )
}

function spell([average = [0, 0, 0], ...rest]: readonly Colour[]): string {
  const largest = Math.max(...rest.flat().map(Math.abs))
  const steps = Math.min(82, Math.max(0, Math.floor(largest * 166 - 0.5)))
  const most = (steps + 1) / 166
  const [red, green, blue] = average.map(toByte)
  return [
    base83(COMPONENTS - 1 + (COMPONENTS - 1) * 9, 1),
    base83(steps, 1),
    base83(((red ?? 0) << 16) | ((green ?? 0) << 8) | (blue ?? 0), 4),
    ...rest.map((colour) =>
      base83(
        colour.reduce((sum, value) => sum * 19 + quantise(value / most), 0),
        2,
      ),
    ),
  ].join('')
}

/** -1 to 1 in 19 steps, finer around zero. */
function quantise(share: number): number {
  const root = Math.sign(share) * Math.sqrt(Math.abs(share))
  return Math.min(18, Math.max(0, Math.floor(root * 9 + 9.5)))
}

function base83(value: number, length: number): string {
  let [left, digits] = [value, '']
  for (let place = 0; place < length; place++) {
    digits = (DIGITS[left % 83] ?? '0') + digits
    left = Math.floor(left / 83)
  }
  return digits
}

/** sRGB byte to light and back (IEC 61966-2-1). */
function toLinear(value: number): number {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

function toByte(light: number): number {
  const share = Math.min(1, Math.max(0, light))
  return Math.round(255 * (share <= 0.0031308 ? share * 12.92 : 1.055 * share ** (1 / 2.4) - 0.055))
}
