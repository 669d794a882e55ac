import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { peerAddCommand } from './peer-add.ts'
import { peerListCommand, peerRemoveCommand, peerShowCommand } from './peer-look.ts'

export function peerCommand(cli: Cli): Command {
  return cli.group('peer', 'join other kernels: add, remove, list, show', [
    peerAddCommand(cli),
    peerRemoveCommand(cli),
    peerListCommand(cli),
    peerShowCommand(cli),
  ])
}
