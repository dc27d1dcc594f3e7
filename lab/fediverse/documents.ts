/** The documents other servers read about an account: actor, webfinger, nodeinfo. */

export interface ActorFacts {
  readonly origin: string
  readonly username: string
  readonly publicKeyPem: string
  /** Null: the actor names none. */
  readonly avatarUrl: string | null
  readonly headerUrl: string | null
}

/** An ActivityPub actor as Mastodon writes it (app/serializers/activitypub/actor_serializer.rb), without what nobody here reads. */
export function actorDocument(facts: ActorFacts): object {
  const id = `${facts.origin}/users/${facts.username}`
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
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
    endpoints: { sharedInbox: `${facts.origin}/inbox` },
    manuallyApprovesFollowers: false,
    discoverable: true,
    published: '2023-04-05T00:00:00Z',
    tag: [],
    attachment: [],
    publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: facts.publicKeyPem },
    ...(facts.avatarUrl === null ? {} : { icon: image(facts.avatarUrl) }),
    ...(facts.headerUrl === null ? {} : { image: image(facts.headerUrl) }),
  }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = { jpg: 'jpeg', png: 'png', gif: 'gif', webp: 'webp' }

function image(url: string): object {
  const extension = url.slice(url.lastIndexOf('.') + 1)
  return { type: 'Image', mediaType: `image/${MEDIA_TYPES[extension] ?? extension}`, url }
}

/** RFC 7033. The subject repeats what was asked, as an origin does whose accounts carry its own name. */
export function webfingerDocument(origin: string, username: string, resource: string): object {
  return {
    subject: resource,
    aliases: [`${origin}/@${username}`, `${origin}/users/${username}`],
    links: [{ rel: 'self', type: 'application/activity+json', href: `${origin}/users/${username}` }],
  }
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
