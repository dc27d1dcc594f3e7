/** An actor's document as its vice would have it. */
import { image } from './documents.ts'
import type { ActorVice, PictureForm, Vice } from './vices.ts'

const KINDS: readonly Vice['kind'][] = [
  'actor-moved',
  'tombstone',
  'other-id',
  'suspended',
  'pictures-as',
  'actor-fields',
  'webfinger-elsewhere',
]

/** One of those that only an actor can have. */
export function isActorVice(vice: Vice | undefined): vice is ActorVice {
  return vice !== undefined && KINDS.includes(vice.kind)
}

/** The document to send; `objectOf` says where a picture's own object lies. */
export function twistActor(
  document: Readonly<Record<string, unknown>>,
  vice: Vice | undefined,
  objectOf: (which: 'avatar' | 'header') => string,
): object {
  if (!isActorVice(vice)) return document
  switch (vice.kind) {
    case 'tombstone':
      return {
        '@context': 'https://www.w3.org/ns/activitystreams',
        id: document['id'],
        type: 'Tombstone',
        formerType: 'Person',
        deleted: '2025-01-02T03:04:05Z',
      }
    case 'other-id':
      return { ...document, id: vice.id }
    case 'suspended': {
      // Mastodon leaves the pictures out, with everything else a person wrote.
      const { icon: _icon, image: _image, ...rest } = document
      return { ...rest, name: '', summary: '', attachment: [], tag: [], suspended: true }
    }
    case 'pictures-as': {
      const icon = pictureAs(vice.form, document['icon'], objectOf('avatar'))
      return { ...document, icon, image: pictureAs(vice.form, document['image'], objectOf('header')) }
    }
    case 'actor-fields':
      return { ...document, ...vice.fields }
    case 'actor-moved':
    case 'webfinger-elsewhere':
      return document
  }
}

function pictureAs(form: PictureForm, picture: unknown, object: string): unknown {
  const { url, mediaType } = picture as { readonly url: string; readonly mediaType: string }
  const link = { type: 'Link', mediaType, href: url }
  switch (form) {
    case 'reference':
      return object
    case 'list':
      return [picture, image(`${url}.second.png`)]
    case 'links':
      return { type: 'Image', url: [link, { ...link, href: `${url}.second.png` }] }
    case 'link':
      return link
  }
}
