/**
 * `npm run build`: dist/ for publishing. Node does not strip types below node_modules, so the package carries JavaScript.
 * What is not TypeScript but read at run time (SQL, style sheets, tables) is copied beside the code that reads it.
 */
import { spawnSync } from 'node:child_process'
import { cp, glob, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)
const dist = join(root, 'dist')
await rm(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules', '.bin', 'tsc')
const { status } = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (status === 0) {
  for await (const path of glob('{src,lab}/**/*.{sql,json,sh,css,html,svg,js,png,jpg,gif,webp}', {
    cwd: root,
  })) {
    const target = join(dist, path)
    await mkdir(dirname(target), { recursive: true })
    await cp(join(root, path), target, { force: true })
  }
}
process.exitCode = status ?? 1
