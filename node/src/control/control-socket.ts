/** The Unix socket of the control interface: the disk and the kernel decide who may open it. */
import { chmod, lstat, mkdir, stat, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ControlServerError } from './errors.ts'
import { listening } from './listening.ts'

/** Bytes of a socket path, without its end (sun_path of Linux; 104 elsewhere). */
const MAX_SOCKET_PATH = 107

/** Who may connect: the owner alone, or whoever the mode of the socket lets. */
export type SocketAccess = 'private' | { mode: number }

/**
 * Listens on `path`, in a directory that only its owner can enter, or, for a socket that others use, that only its owner
 * can change; it is made when it is missing. The socket of a process that has died is replaced.
 * @throws ControlServerError `control_in_use` when a living process listens there, `control_path_unsafe`
 */
export async function listenOnSocket(server: Server, path: string, access: SocketAccess): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw unsafe(path, `The path of a socket has at most ${MAX_SOCKET_PATH} bytes: choose a shorter directory.`)
  }
  await (access === 'private' ? privateDirectory(dirname(path)) : sharedDirectory(dirname(path)))
  if (!(await listening(server, { path }, path))) {
    if (!(await lstat(path)).isSocket()) throw unsafe(path, 'Something that is no socket is there: move it away.')
    if (await answers(path)) {
      throw new ControlServerError(
        { code: 'control_in_use', at: path },
        `Another node answers at ${path}: stop it, or give this one a directory of its own.`,
      )
    }
    await unlink(path)
    if (!(await listening(server, { path }, path))) throw new ControlServerError({ code: 'control_in_use', at: path })
  }
  await chmod(path, access === 'private' ? 0o600 : access.mode)
}

async function privateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(path)
  if (process.getuid !== undefined && uid !== process.getuid()) throw unsafe(path, 'It belongs to someone else.')
  if ((mode & 0o077) !== 0) throw unsafe(path, `Others can enter it: run \`chmod 700 ${path}\`.`)
}

/** Whoever can change the directory could put a socket of its own there, and be shown credentials. */
async function sharedDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 })
  const { uid, mode } = await stat(path)
  if (process.getuid !== undefined && uid !== process.getuid() && uid !== 0)
    throw unsafe(path, 'It belongs to someone else.')
  if ((mode & 0o022) !== 0) throw unsafe(path, `Others can change it: run \`chmod go-w ${path}\`.`)
}

/** @returns whether a living process accepts connections there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Anything but a refusal is left alone: better not to start than to take a living node's place.
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    })
  })
}

function unsafe(path: string, remedy: string): ControlServerError {
  return new ControlServerError(
    { code: 'control_path_unsafe', path },
    `${path} cannot hold the control socket. ${remedy}`,
  )
}
