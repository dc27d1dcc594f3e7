/** What an exception of sharp says about a picture. Pure. */
import type { ImageOutcome } from '../../core/ports/images.ts'

type Failure = Extract<ImageOutcome, { readonly kind: 'timeout' | 'too-many-pixels' | 'broken' }>

/** libvips tells by words only. */
export function readImageFailure(error: unknown, pixels: number): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (/^timeout\b/.test(message)) return { kind: 'timeout' }
  if (message.includes('exceeds pixel limit')) return { kind: 'too-many-pixels', pixels }
  return { kind: 'broken', reason: message.split('\n')[0] ?? message }
}
