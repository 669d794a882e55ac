/** What would be published: the packages as tarballs, and an empty project that they are installed into. */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')

export type Tarball = {
  path: string
  /** Paths in it, below `package/`. */
  files: string[]
  manifest: PackageManifest
}

export type PackageManifest = {
  name: string
  version: string
  license: string
  bin?: Record<string, string>
  exports: Record<string, { types: string; default: string }>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** Names of the packages that are published: all of the workspace that are not private. */
export function publishedNames(): string[] {
  return globSync('*/package.json', { cwd: repository })
    .map((path): { name: string; private?: boolean } => JSON.parse(readFileSync(join(repository, path), 'utf8')))
    .filter((manifest) => manifest.private !== true)
    .map(({ name }) => name)
    .sort()
}

/** Builds and packs them as `npm run pack` does. */
export async function packAll(): Promise<Tarball[]> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-packed-'))
  await run('tsc', ['-b'], { cwd: repository })
  await run(process.execPath, ['node/build/bundle-command.ts'], { cwd: repository })
  const filters = ['--filter', './*', '--filter', '!@hansa/interop-tests']
  await run('npx', ['-y', pnpmOf(), '-r', ...filters, 'pack', '--pack-destination', directory], { cwd: repository })
  const paths = globSync('*.tgz', { cwd: directory }).sort()
  return await Promise.all(paths.map((path) => readTarball(join(directory, path))))
}

/** The release that the workspace is installed with. */
function pnpmOf(): string {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  return /pnpm@[\d.]+/.exec(scripts.setup)?.[0] ?? 'pnpm'
}

async function readTarball(path: string): Promise<Tarball> {
  const listed = await run('tar', ['tzf', path])
  const manifest = await run('tar', ['xzOf', path, 'package/package.json'])
  const files = listed.stdout.split('\n').filter((line) => line !== '')
  return { path, files: files.map((file) => file.replace(/^package\//, '')), manifest: JSON.parse(manifest.stdout) }
}

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/

/** @returns the directory of the project, or why the registry of npm cannot be reached. */
export async function projectWith(
  tarballs: readonly Tarball[],
): Promise<{ directory: string } | { unreachable: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-consumer-'))
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--loglevel=error']
  try {
    await run('npm', ['install', ...flags, ...tarballs.map(({ path }) => path), '@types/node@24'], { cwd: directory })
    return { directory }
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error)
    if (UNREACHABLE.test(said)) return { unreachable: said.split('\n')[0] ?? said }
    throw error
  }
}
