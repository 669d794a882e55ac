import { connect } from 'node:net'
import type { HomePaths } from '../home/home-paths.ts'

/** Whether a living process listens on the control socket of the home. */
export function isRunning({ controlSocket }: Pick<HomePaths, 'controlSocket'>): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(controlSocket)
    socket.once('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.once('error', () => settle(false))
  })
}
