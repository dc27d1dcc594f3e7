/**
 * Hundreds of pictures that were cut off, damaged, lie, swell, are something else, or are merely odd, each with the end it
 * has to come to. Made by code from a seed, so that a failure can be told by seed and name.
 */
import { atTheLimits } from './at-the-limits.ts'
import { bombs } from './bombs.ts'
import { cutOff } from './cut-off.ts'
import { damaged } from './damaged.ts'
import type { HostilePicture } from './hostile-picture.ts'
import { lyingGif } from './lying-gif.ts'
import { lyingJpeg } from './lying-jpeg.ts'
import { lyingPng } from './lying-png.ts'
import { lyingWebp } from './lying-webp.ts'
import { oddPictures } from './odd-pictures.ts'
import { polyglots } from './polyglots.ts'
import { wrongTypes } from './wrong-types.ts'

/** Names are the same for every seed; nothing is built before `bytes` is called. */
export function hostilePictures(seed: number): readonly HostilePicture[] {
  return [
    ...wrongTypes(seed),
    ...cutOff(seed),
    ...damaged(seed),
    ...lyingPng(seed),
    ...lyingJpeg(seed),
    ...lyingGif(seed),
    ...lyingWebp(seed),
    ...bombs(seed),
    ...polyglots(seed),
    ...oddPictures(seed),
    ...atTheLimits(seed),
  ]
}
