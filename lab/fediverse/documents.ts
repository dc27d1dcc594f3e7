/** The documents other servers read about an account: actor, webfinger, host-meta, nodeinfo. */

export interface ActorFacts {
  readonly origin: string
  /** The actor's address. */
  readonly id: string
  readonly username: string
  readonly publicKeyPem: string
  /** Null: the actor names none. */
  readonly avatarUrl: string | null
  readonly headerUrl: string | null
}

/** The terms that Mastodon adds. */
const TERMS = {
  manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
  toot: 'http://joinmastodon.org/ns#',
  featured: { '@id': 'toot:featured', '@type': '@id' },
  featuredTags: { '@id': 'toot:featuredTags', '@type': '@id' },
  alsoKnownAs: { '@id': 'as:alsoKnownAs', '@type': '@id' },
  schema: 'http://schema.org#',
  PropertyValue: 'schema:PropertyValue',
  value: 'schema:value',
  discoverable: 'toot:discoverable',
  suspended: 'toot:suspended',
  memorial: 'toot:memorial',
  indexable: 'toot:indexable',
  Emoji: 'toot:Emoji',
  focalPoint: { '@container': '@list', '@id': 'toot:focalPoint' },
}

/** An ActivityPub actor as Mastodon writes it (app/serializers/activitypub/actor_serializer.rb). */
export function actorDocument(facts: ActorFacts): Record<string, unknown> {
  const { id } = facts
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1', TERMS],
    id,
    type: 'Person',
    preferredUsername: facts.username,
    name: facts.username,
    summary: `<p>${facts.username} lives on a loopback address.</p>`,
    url: `${facts.origin}/@${facts.username}`,
    inbox: `${id}/inbox`,
    outbox: `${id}/outbox`,
    followers: `${id}/followers`,
    following: `${id}/following`,
    featured: `${id}/collections/featured`,
    featuredTags: `${id}/collections/tags`,
    endpoints: { sharedInbox: `${facts.origin}/inbox` },
    manuallyApprovesFollowers: false,
    discoverable: true,
    indexable: false,
    memorial: false,
    published: '2023-04-05T00:00:00Z',
    alsoKnownAs: [],
    tag: [
      {
        id: `${facts.origin}/emojis/1`,
        type: 'Emoji',
        name: ':cornac:',
        updated: '2023-04-05T00:00:00Z',
        icon: image(`${facts.origin}/pictures/cornac/avatar.png`),
      },
    ],
    attachment: [{ type: 'PropertyValue', name: 'Address', value: facts.origin }],
    publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: facts.publicKeyPem },
    ...(facts.avatarUrl === null ? {} : { icon: image(facts.avatarUrl) }),
    ...(facts.headerUrl === null ? {} : { image: image(facts.headerUrl) }),
  }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = { jpg: 'jpeg', png: 'png', gif: 'gif', webp: 'webp' }

/** A picture, as actors name it. */
export function image(url: string): Record<string, unknown> {
  const extension = url.slice(url.lastIndexOf('.') + 1)
  return { type: 'Image', mediaType: `image/${MEDIA_TYPES[extension] ?? extension}`, url }
}

/** RFC 7033. The subject repeats what was asked, as an origin does whose accounts carry its own name. */
export function webfingerDocument(origin: string, username: string, resource: string, actor: string): object {
  const profile = `${origin}/@${username}`
  return {
    subject: resource,
    aliases: [profile, actor],
    links: [
      { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: profile },
      { rel: 'self', type: 'application/activity+json', href: actor },
      {
        rel: 'http://ostatus.org/schema/1.0/subscribe',
        template: `${origin}/authorize_interaction?uri={uri}`,
      },
    ],
  }
}

/** RFC 6415, naming a place for webfinger that is not the usual one. */
export function hostMetaDocument(origin: string): string {
  const template = `${origin}/elsewhere/webfinger?from=host-meta&amp;resource={uri}`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n' +
    `  <Link rel="lrdd" template="${template}"/>\n</XRD>\n`
  )
}

export function nodeinfoLinks(origin: string): object {
  return {
    links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: `${origin}/nodeinfo/2.0` }],
  }
}

export function nodeinfoDocument(): object {
  return {
    version: '2.0',
    software: { name: 'mastodon', version: '4.5.0' },
    protocols: ['activitypub'],
    services: { outbound: [], inbound: [] },
    usage: { users: { total: 100, activeMonth: 10, activeHalfyear: 30 }, localPosts: 1000 },
    openRegistrations: false,
    metadata: {},
  }
}
