/** How an origin can misbehave. Each vice is one fault, so that a test knows which one it met. */
import type { Socket } from 'node:net'
import type { SignatureForm } from './verify-signature.ts'

/** Files that are no picture Mastodon accepts, or are one only to kill whoever decodes it. */
export type OddFile =
  | 'svg'
  | 'bmp'
  | 'avif'
  | 'pdf'
  | 'text'
  | 'empty'
  /** A few kilobytes that unfold to 400 million pixels */
  | 'png-bomb'
  /** Under 100 bytes that unfold to 268 million pixels */
  | 'webp-bomb'
  /** Under 100 bytes on a canvas of 65,535 x 65,535 */
  | 'gif-bomb'

/**
 * Writes to the connection what it likes, once the request has been read. It has to close it sooner or later: nothing else can
 * be answered there. Ends when the connection is closed by either side, or the lab stops.
 */
export type RawAnswer = (connection: Socket, signal: AbortSignal) => Promise<void> | void

export type Vice =
  /** Any status, with `Retry-After` as it stands in the header */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string | undefined }
  /** The right bytes, drop by drop */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Takes the request and says nothing */
  | { readonly kind: 'silent' }
  /** Half the body, then nothing more */
  | { readonly kind: 'stalls' }
  /** Closes the connection instead of answering */
  | { readonly kind: 'hangs-up' }
  /** Answers something that is not HTTP */
  | { readonly kind: 'babbles' }
  /** That many redirects on the same host before the right answer */
  | { readonly kind: 'redirects'; readonly hops: number }
  | { readonly kind: 'redirect-loop' }
  /** One redirect, wherever it may lead */
  | { readonly kind: 'redirect-to'; readonly location: string }
  /** A redirect that does not say where to */
  | { readonly kind: 'redirect-nowhere' }
  /** The right bytes under a wrong name */
  | { readonly kind: 'wrong-type'; readonly contentType: string }
  /** A friendly page with status 200, as parked domains answer to everything */
  | { readonly kind: 'page' }
  /** Promises more bytes than it sends, then closes */
  | { readonly kind: 'truncated' }
  /** Half the body, then a reset */
  | { readonly kind: 'reset' }
  | { readonly kind: 'huge'; readonly bytes: number }
  /** A chunked body without an end */
  | { readonly kind: 'endless' }
  | { readonly kind: 'file'; readonly file: OddFile }
  /** Any bytes with status 200; `image/png` by default, whatever they are */
  | {
      readonly kind: 'bytes'
      readonly bytes: () => Promise<Uint8Array>
      readonly contentType?: string | undefined
    }
  /** Anything at all, below HTTP */
  | { readonly kind: 'raw'; readonly answer: RawAnswer }
  /** The right bytes with `Content-Encoding: gzip`, asked for or not */
  | { readonly kind: 'gzip' }
  /** 200 KB of gzip that unfold to 200 MB */
  | { readonly kind: 'gzip-bomb' }
  /** The old address answers 404; the actor names a new one, which works */
  | { readonly kind: 'moved' }
  /** The old address answers 404; the actor names no picture */
  | { readonly kind: 'no-picture' }
  /**
   * 401 unless the request is signed, in the form given (either by default), by the signer the fediverse was told of; without
   * one, any signature will do
   */
  | { readonly kind: 'needs-signature'; readonly form?: SignatureForm | undefined }
  | ActorVice

/** What can be wrong with an actor, or only odd. They reach nothing else, whatever the reach. */
export type ActorVice =
  /** The old address answers this; webfinger names a new one, which works */
  | { readonly kind: 'actor-moved'; readonly status: 404 | 410 }
  /** What was deleted, with status 200 */
  | { readonly kind: 'tombstone' }
  /** The document says it is another's, or that it lives elsewhere */
  | { readonly kind: 'other-id'; readonly id: unknown }
  | { readonly kind: 'suspended' }
  /** Odd ways to name pictures that ActivityStreams allows */
  | { readonly kind: 'pictures-as'; readonly form: PictureForm }
  /** Any fields in the place of the right ones */
  | { readonly kind: 'actor-fields'; readonly fields: Readonly<Record<string, unknown>> }
  /** Webfinger is not in the usual place; host-meta says where it is */
  | { readonly kind: 'webfinger-elsewhere' }

export type PictureForm =
  /** The address of an Image object, which is to be read from there */
  | 'reference'
  /** A list of Images; the first counts */
  | 'list'
  /** An Image whose `url` is a list of Links */
  | 'links'
  /** A Link instead of an Image */
  | 'link'

/** What a vice applies to: the account's pictures, its actor and webfinger, pages, or all of them. */
export type ViceReach = 'pictures' | 'actor' | 'pages' | 'everything'
