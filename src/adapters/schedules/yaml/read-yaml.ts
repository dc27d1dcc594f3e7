import { isMap } from 'yaml'
import type { Task } from '../../../core/model/scheduled.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { readCompose } from './read-compose.ts'
import { readHelmValues } from './read-helm-values.ts'
import { readManifest } from './read-manifest.ts'
import { get, openYaml, textOf } from './nodes.ts'

/** Compose files, manifests of Kubernetes, values of Helm; told apart by what they hold. */
export function readYaml(context: ReadingContext): Found {
  const roots = openYaml(context).filter((root) => isMap(root))
  const first = roots[0]
  if (first === undefined) return { kind: 'unknown' }
  if (isMap(get(first, 'services'))) return readCompose(first, context)
  const manifests = roots.filter((root) => textOf(get(root, 'kind')) !== undefined)
  if (manifests.length > 0) {
    const tasks: Task[] = []
    let version: string | null = null
    for (const manifest of manifests) {
      const found = readManifest(manifest, context)
      tasks.push(...found.tasks)
      version ??= found.version
    }
    return { kind: 'kubernetes', tasks, version }
  }
  return readHelmValues(first, context)
}
