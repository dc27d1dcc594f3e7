/** sharp, loaded on first use and told how to behave. Its settings are of the whole process. */
import type { Sharp, SharpOptions } from 'sharp'

export type OpenImage = (bytes: Uint8Array, options: SharpOptions) => Sharp

/**
 * One thread per picture (the lanes decide how many pictures), no cache of decoded pixels (no picture comes twice), and
 * four loaders: whatever the bytes pretend to be, libvips has nothing else to read them with. Mastodon blocks the same way
 * (config/initializers/vips.rb). Reading raw pixels and writing are not affected.
 */
export async function loadSharp(): Promise<OpenImage> {
  const { default: sharp } = await import('sharp')
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['Nsgif', 'Jpeg', 'Png', 'Webp'].map((loader) => `VipsForeignLoad${loader}`),
  })
  return (bytes, options) => sharp(bytes, options)
}
