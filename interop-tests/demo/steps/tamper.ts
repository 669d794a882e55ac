import { randomInt } from 'node:crypto'
import { cp, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileLogDisk, type LogReport, verifyLog } from '@hansa/trust/ledger'
import { check } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

type Place = { file: string; offset: number }

export const tamper: Step = {
  title: 'One byte is changed',
  why: 'A random byte among the entries of a copy of the log of orgb gets another value. Then it is put back.',
  async run(scene) {
    const { orgb, mesh, report, story } = scene
    const copy = join(mesh.directory, 'copy-of-orgb-log')
    await cp(orgb.logDirectory, copy, { recursive: true })
    const place = await randomPlace(copy)
    const before = await changeByte(copy, place, (byte) => byte ^ randomInt(1, 256))
    story.done(`byte ${place.offset} of ${place.file}: ${hex(before.was)} becomes ${hex(before.is)}`)

    const found = await verify(scene, copy)
    const [first] = found.faults
    const entry = first?.seq ?? null
    report.tamper = { detected: found.verdict === 'violation', log: report.tamper.log, entry }
    check('the verdict over the changed copy', found.verdict, 'violation')
    check('the entry that is named', entry, await entryAt(scene, place))
    report.tamper.log = nameOf(scene, found)
    story.done(`the verifier finds it and names entry ${entry}`)
    story.note(`${first?.code}: ${first?.text}`)

    await changeByte(copy, place, () => before.was)
    check('the verdict over the restored copy', (await verify(scene, copy)).verdict, 'clean')
    story.done(`byte ${place.offset} is ${hex(before.was)} again: the copy verifies clean`)
  },
}

/** Any byte of any file of entries. */
async function randomPlace(directory: string): Promise<Place> {
  const files = (await readdir(directory)).filter((name) => name.startsWith('entries-')).sort()
  const file = files[randomInt(files.length)] ?? ''
  return { file, offset: randomInt((await stat(join(directory, file))).size) }
}

async function changeByte(
  directory: string,
  { file, offset }: Place,
  change: (byte: number) => number,
): Promise<{ was: number; is: number }> {
  await using handle = await open(join(directory, file), 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, offset)
  const was = byte.readUInt8()
  const is = change(was)
  await handle.write(Buffer.from([is]), 0, 1, offset)
  return { was, is }
}

function verify({ manifests }: Scene, directory: string): Promise<LogReport> {
  return verifyLog(fileLogDisk(directory), { vkey: manifests.get('orgb')?.logKey ?? '' })
}

/** The entry whose record holds the byte, by the log that nobody has touched. */
async function entryAt({ orgb }: Scene, { file, offset }: Place): Promise<number | null> {
  let found: number | null = null
  await verifyLog(fileLogDisk(orgb.logDirectory), {
    visit(walked) {
      if (walked.file === file && walked.offset <= offset && offset < walked.end) found = walked.entry.seq
    },
  })
  return found
}

/** Whose log a report is about, by the DID in its origin. */
function nameOf({ orga, orgb }: Scene, { origin = '', faults }: LogReport): string | null {
  const at = origin === '' ? (faults[0]?.text ?? '') : origin
  return [orga, orgb].find(({ did }) => at.startsWith(did))?.name ?? null
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
