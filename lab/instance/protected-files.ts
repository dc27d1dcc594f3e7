/** Files that exist once and nowhere else, and files of classes no media tool knows: a few of each. */
import type { RowFile } from './claims.ts'
import { Dice, subjectOf } from './dice.ts'
import type { LabKind } from './keys.ts'
import type { PictureUse } from './pictures.ts'
import { DAY_MS, since, type World } from './world.ts'

/** `site_uploads.var` of each site upload, by id from 1. */
export const SITE_VARS = ['thumbnail', 'favicon', 'mascot'] as const
export const BACKUPS = 2
export const PROVIDERS = ['video.example', 'news.example', 'songs.example'] as const
/** 4.3 only. */
export const IMPORTS = 2

/** Site uploads, backups, provider icons, and on 4.3 imports. */
export function protectedFiles(world: World): readonly RowFile[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
  return [
    ...SITE_VARS.map((siteVar, index) => ({
      ...single(world, 'site-upload', 'site-upload', 'image/png', 'png', index + 1),
      siteVar,
    })),
    ...numbers(BACKUPS).map((id) => single(world, 'backup', 'document', 'application/zip', 'zip', id)),
    ...numbers(PROVIDERS.length).map((id) =>
      single(world, 'provider-icon', 'site-upload', 'image/png', 'png', id),
    ),
    ...(since(world, '4.4')
      ? []
      : numbers(IMPORTS).map((id) => single(world, 'import', 'document', 'text/csv', 'csv', id))),
  ]
}

function single(
  world: World,
  kind: LabKind,
  use: PictureUse,
  contentType: string,
  extension: string,
  id: number,
): RowFile {
  const dice = new Dice(world.seed, subjectOf(kind), id)
  const picture = world.pictures.take(use, contentType, id)
  return {
    kind,
    id: String(id),
    remote: false,
    domain: null,
    closed: false,
    file: {
      fileName: `${dice.hex16()}.${extension}`,
      contentType,
      bytes: picture.original.length,
      assignedAtMs: world.nowMs - (3 + id) * DAY_MS,
      version: null,
      remoteUrl: null,
      picture,
    },
  }
}
