/** The token file of the loopback control interface, on disk. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ControlServerError } from './errors.ts'

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/**
 * Reads the token, or makes one of 256 random bits in a new file of mode 0600.
 * @throws ControlServerError `control_token_unsafe` when others can read the file, or it holds anything else.
 */
export async function controlToken(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return (await newToken(path)) ?? (await existingToken(path))
}

async function newToken(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'wx', 0o600)
    const token = randomBytes(32).toString('base64url')
    await file.writeFile(`${token}\n`)
    return token
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
}

async function existingToken(path: string): Promise<string> {
  const { mode, uid } = await stat(path)
  if (process.getuid !== undefined && uid !== process.getuid()) throw unsafe(path, 'It belongs to someone else.')
  if ((mode & 0o077) !== 0) throw unsafe(path, 'Others can read it: remove it, and a new one is made.')
  const token = (await readFile(path, 'utf8')).trim()
  if (!TOKEN.test(token)) throw unsafe(path, 'It holds no token: remove it, and a new one is made.')
  return token
}

function unsafe(path: string, remedy: string): ControlServerError {
  return new ControlServerError(
    { code: 'control_token_unsafe', path },
    `${path} cannot be the control token. ${remedy}`,
  )
}
