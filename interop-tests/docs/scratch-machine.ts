/**
 * A reader's machine in a directory: a home, a shell that keeps its place and its variables from one block to the next,
 * and the shipped `hansa` on the path. Loopback ports and /home/you of a page become ports and a home of this run.
 *
 * `~/hansa` is this checkout, where the quickstart puts one. `hansa up` does not hold the shell: it goes on when the node has said that it is ready, with or without `&`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../harness/free-port.ts'
import { HANSA_BIN } from '../harness/hansa-command.ts'
import { childEnvironment } from '../harness/spawned-process.ts'

const REGISTRY_BIN = join(import.meta.dirname, '../../registry-server/bin/hansa-registry.js')
const REPOSITORY = join(import.meta.dirname, '../..')
const MODULES = join(import.meta.dirname, '../node_modules')

/** Milliseconds for one block: a busy machine starts a few processes in it. */
const BLOCK_WITHIN_MS = 90_000

export type BlockEnd = {
  code: number | null
  output: string
  /** Of the block, from 1: where a command failed, if one did. */
  failedLine?: number
}

export type ScratchMachine = AsyncDisposable & {
  /** Text of a page as it is on this machine. */
  own(text: string): string
  writeFile(path: string, text: string): Promise<void>
  runBlock(script: string): Promise<BlockEnd>
  /** Ends the node of this home, or every one, as Ctrl+C does. */
  stop(home: string): Promise<void>
}

export async function scratchMachine(): Promise<ScratchMachine> {
  const base = await mkdtemp(join(tmpdir(), 'hd-'))
  const [home, state, bin] = [join(base, 'you'), join(base, 'state'), join(base, 'bin')]
  const place = join(home, 'try')
  for (const directory of [place, state, bin]) await mkdir(directory, { recursive: true })
  const ports = await portsOfRun()
  await writeFile(join(bin, 'hansa'), longRunner(HANSA_BIN, state), { mode: 0o755 })
  await writeFile(join(bin, 'hansa-registry'), longRunner(REGISTRY_BIN, state), { mode: 0o755 })
  await writeFile(join(state, 'variables'), '')
  await writeFile(join(state, 'cwd'), place)
  await writeFile(join(state, 'preamble'), preamble(state))
  await symlink(MODULES, join(place, 'node_modules'))
  await symlink(REPOSITORY, join(home, 'hansa'))
  const environment = {
    ...childEnvironment,
    HOME: home,
    LANG: 'C.UTF-8',
    PATH: [bin, dirname(process.execPath), process.env.PATH ?? '/usr/bin:/bin'].join(delimiter),
    BASH_ENV: join(state, 'preamble'),
    HANSA_DOCS_LISTEN: ports.of('127.0.0.1:7400'),
    HANSA_REGISTRY_LISTEN: ports.of('127.0.0.1:7070'),
  }
  const groups: ChildProcess[] = []
  let blocks = 0
  return {
    own: (text) => ports.of(text).replaceAll('/home/you', home),
    writeFile: async (path, text) => {
      const whole = join(await readFile(join(state, 'cwd'), 'utf8').then((cwd) => cwd.trim()), path)
      await mkdir(dirname(whole), { recursive: true })
      await writeFile(whole, text)
    },
    runBlock: async (script) => {
      blocks += 1
      const path = join(state, `block-${blocks}.sh`)
      await writeFile(path, script)
      await rm(join(state, 'failed'), { force: true })
      const waits = /^\s*hansa(?:-registry)? .*&\s*$/m.test(script)
      return await bash(path, { ...environment, ...(waits && { HANSA_DOCS_WAIT: '1' }) }, state, groups)
    },
    stop: async (name) => {
      for (const { pid, home: ofNode } of await nodesOf(state)) {
        if (name !== 'all' && ofNode !== name && !ofNode.endsWith(`/${name}`)) continue
        signal(pid, 'SIGTERM')
        await promisify(execFile)('tail', ['-s', '0.05', `--pid=${pid}`, '-f', '/dev/null'])
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const { pid } of groups) if (pid !== undefined) signal(-pid, 'SIGKILL')
      await rm(base, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Each loopback port that a page names, and the one that it is in this run. */
async function portsOfRun(): Promise<{ of(text: string): string }> {
  const spare: number[] = []
  while (spare.length < 24) spare.push(await freePort())
  const known = new Map<string, string>()
  const port = (named: string): string => {
    const own = known.get(named) ?? String(spare.pop())
    known.set(named, own)
    return own
  }
  return {
    of: (text) =>
      text.replaceAll(/(127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]):([1-9]\d{3,4})\b/g, (_, host, named) => {
        return `${host}:${port(named)}`
      }),
  }
}

async function bash(
  path: string,
  environment: NodeJS.ProcessEnv,
  state: string,
  groups: ChildProcess[],
): Promise<BlockEnd> {
  await using output = await open(`${path}.out`, 'w')
  const child = spawn('bash', [path], { env: environment, detached: true, stdio: ['ignore', output.fd, output.fd] })
  groups.push(child)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
    AbortSignal.timeout(BLOCK_WITHIN_MS).addEventListener('abort', () => {
      if (child.exitCode === null && child.pid !== undefined) signal(-child.pid, 'SIGKILL')
    })
  })
  const failed = await readFile(join(state, 'failed'), 'utf8').catch(() => '')
  return {
    code,
    output: await readFile(`${path}.out`, 'utf8'),
    ...(failed !== '' && { failedLine: Number(failed) }),
  }
}

async function nodesOf(state: string): Promise<{ pid: number; home: string }[]> {
  const text = await readFile(join(state, 'nodes'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ pid: Number(line.split(' ')[0]), home: line.slice(line.indexOf(' ') + 1) }))
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** What bash reads before a block: where the last one ended, and that the first command that fails ends it. */
function preamble(state: string): string {
  return `unset BASH_ENV
source ${state}/variables 2>/dev/null
cd "$(cat ${state}/cwd)"
trap 'echo "$LINENO" > ${state}/failed' ERR
trap 'code=$?; set +e; trap - ERR; [ -z "$HANSA_DOCS_WAIT" ] || wait; pwd > ${state}/cwd
  declare -p | grep -vE "^declare -[a-zA-Z]*r|^declare -[-a-zA-Z]+ (BASH|_|FUNCNAME|GROUPS|PIPESTATUS|DIRSTACK|HANSA_DOCS_WAIT|LINENO|SHLVL|code)" > ${state}/variables
  exit $code' EXIT
set -eE -o pipefail
`
}

/** The command as it is shipped; \`up\` goes on in the background once it has printed that it is ready. */
function longRunner(bin: string, state: string): string {
  return `#!/bin/sh
start() { exec ${process.execPath} ${bin} "$@"; }
home="\${HANSA_HOME:-$HOME/.hansa}"; listen=no; previous=
for word in "$@"; do
  case "$word" in --help|-h) start "$@" ;; --listen|--listen=*) listen=yes ;; --home=*) home="\${word#--home=}" ;; esac
  [ "$previous" = --home ] && home="$word"
  previous="$word"
done
case "\${0##*/} $1 $2" in
  "hansa up "*)
    if [ $listen = no ] && [ -z "$HANSA_LISTEN" ] && [ -f "$home/hansa.yaml" ] && ! grep -q '^listen:' "$home/hansa.yaml"
    then set -- "$@" --listen "$HANSA_DOCS_LISTEN"; fi ;;
  "hansa registry up"|"hansa-registry "*) home=registry ;;
  *) start "$@" ;;
esac
said=$(mktemp ${state}/up.XXXXXX)
${process.execPath} ${bin} "$@" >"$said" 2>"$said.log" &
pid=$!
tail -n +1 -s 0.05 --pid=$pid -f "$said" 2>/dev/null | head -n 1
if kill -0 $pid 2>/dev/null; then echo "$pid $home" >> ${state}/nodes; exit 0; fi
cat "$said.log" >&2
wait $pid
`
}
