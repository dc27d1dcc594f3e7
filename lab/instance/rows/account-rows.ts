import { remoteAccount, type LabAccount } from '../accounts.ts'
import { instanceActor, localAccount } from '../local-accounts.ts'
import { Dice, subjectOf } from '../dice.ts'
import { fileCells, fileColumns } from '../stored-file.ts'
import { DAY_MS, since, type World } from '../world.ts'
import { at, rowsFor, type Cell, type TableRows } from './table-rows.ts'

/** Every account of the instance: the instance actor, local ones, remote ones. */
export function* allAccounts(world: World): Generator<LabAccount> {
  yield instanceActor(world)
  yield* rowsFor(world.localUsers, (index) => localAccount(world, index))
  yield* rowsFor(world.remoteAccounts, (index) => remoteAccount(world, index))
}

/** `accounts`. From 4.6 on, keys of remote accounts stand in `keypairs` instead. */
export function accountRows(world: World): TableRows {
  return {
    table: 'accounts',
    columns: [
      'id',
      'username',
      'domain',
      'private_key',
      'public_key',
      'created_at',
      'updated_at',
      'note',
      'display_name',
      'uri',
      'url',
      ...fileColumns('avatar'),
      ...fileColumns('header'),
      'avatar_remote_url',
      'header_remote_url',
      'avatar_storage_schema_version',
      'header_storage_schema_version',
      'last_webfingered_at',
      'inbox_url',
      'outbox_url',
      'shared_inbox_url',
      'followers_url',
      'protocol',
      'memorial',
      'moved_to_account_id',
      'actor_type',
      'discoverable',
      'locked',
      'silenced_at',
      'suspended_at',
      'suspension_origin',
      'sensitized_at',
      'fields',
      'also_known_as',
    ],
    rows: cellsOfAccounts(world),
  }
}

function* cellsOfAccounts(world: World): Generator<readonly Cell[]> {
  const keysElsewhere = since(world, '4.6')
  for (const account of allAccounts(world)) {
    const remote = account.domain !== null
    const inbox = remote ? `https://${account.domain}/inbox` : ''
    yield [
      account.id,
      account.username,
      account.domain,
      remote ? null : world.keys.privateKey,
      remote && keysElsewhere ? '' : world.keys.publicKey,
      new Date(account.createdAtMs),
      new Date(account.updatedAtMs),
      remote ? `<p>Somebody called ${account.username} on ${account.domain}</p>` : 'A user of the lab',
      displayNameOf(account),
      remote ? account.uri : '',
      remote ? `https://${account.domain}/@${account.username}` : null,
      ...fileCells(account.avatar),
      ...fileCells(account.header),
      account.avatar.remoteUrl,
      account.header.remoteUrl ?? '',
      account.avatar.version,
      account.header.version,
      at(account.webfingeredAtMs),
      remote ? `${account.uri}/inbox` : '',
      remote ? `${account.uri}/outbox` : '',
      inbox,
      remote ? `${account.uri}/followers` : '',
      remote ? account.protocol : 0,
      account.memorial,
      account.movedTo,
      account.actorType,
      account.actorType === 'Person',
      account.id === '-99',
      at(account.silencedAtMs),
      at(account.suspendedAtMs),
      account.suspensionOrigin,
      at(account.sensitizedAtMs),
      '[]',
      null,
    ]
  }
}

function displayNameOf(account: LabAccount): string {
  const name = account.username.replaceAll('_', ' ')
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** `account_stats`: for every account but the instance actor. */
export function accountStatRows(world: World): TableRows {
  const subject = subjectOf('account stats')
  return {
    table: 'account_stats',
    columns: [
      'account_id',
      'statuses_count',
      'following_count',
      'followers_count',
      'created_at',
      'updated_at',
      'last_status_at',
    ],
    rows: (function* () {
      let number = 0
      for (const account of allAccounts(world)) {
        if (account.id === '-99') continue
        const dice = new Dice(world.seed, subject, number++)
        const quiet = dice.chance(0.25)
        const lastStatus = Math.floor(world.nowMs - dice.spread(60_000, 700 * DAY_MS))
        yield [
          account.id,
          quiet ? 0 : dice.below(2000),
          dice.below(500),
          dice.below(800),
          new Date(account.arrivedAtMs),
          new Date(account.updatedAtMs),
          quiet ? null : new Date(Math.max(lastStatus, account.arrivedAtMs)),
        ]
      }
    })(),
  }
}

/** `keypairs` (4.6+): where remote keys live since; about one account in eight has not been refreshed into it yet. */
export function keypairRows(world: World): TableRows {
  const subject = subjectOf('keypair')
  return {
    table: 'keypairs',
    columns: ['account_id', 'public_key', 'type', 'uri', 'created_at', 'updated_at'],
    rows: rowsFor(world.remoteAccounts, (index) => {
      if (new Dice(world.seed, subject, index).chance(0.12)) return null
      const account = remoteAccount(world, index)
      const updated = new Date(account.updatedAtMs)
      return [account.id, world.keys.publicKey, 0, `${account.uri}#main-key`, updated, updated]
    }),
  }
}
