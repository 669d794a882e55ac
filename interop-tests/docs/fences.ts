/** Fenced blocks of a page in Markdown, with where they stand and what their info line says. */

export type Fence = {
  /** From the root of the repository. */
  page: string
  /** Of the opening fence, from 1. The first line of the text is the next one. */
  line: number
  language: string
  /** `name=value` words after the language. */
  marks: ReadonlyMap<string, string>
  text: string
  /** The comment of HTML directly above, with only blank lines between. */
  comment?: string
  /** The block before this one has only blank lines between it and this one. */
  adjoins: boolean
}

const OPENING = /^( *)(`{3,}|~{3,})(.*)$/

/** @throws Error with page and line for a fence that is not closed. */
export function fencesOf(page: string, text: string): Fence[] {
  const lines = text.split('\n')
  const found: Fence[] = []
  let between: string[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const opening = OPENING.exec(lines[at] ?? '')
    if (opening === null) {
      between.push(lines[at] ?? '')
      continue
    }
    const [, indent = '', ticks = '', info = ''] = opening
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks)
    if (end < 0) throw new Error(`${page}:${at + 1}: this fence is not closed`)
    const body = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    const comment = commentAtEnd(between.join('\n'))
    found.push({
      page,
      line: at + 1,
      ...infoOf(info),
      text: body.map((line) => `${line}\n`).join(''),
      ...(comment === undefined ? {} : { comment }),
      adjoins: found.length > 0 && between.every((line) => line.trim() === ''),
    })
    between = []
    at = end
  }
  return found
}

function infoOf(info: string): Pick<Fence, 'language' | 'marks'> {
  const [language = '', ...words] = info.trim().split(/\s+/)
  const marks = words.map((word): [string, string] => {
    const [name = '', ...value] = word.split('=')
    return [name, value.join('=')]
  })
  return { language, marks: new Map(marks) }
}

function commentAtEnd(text: string): string | undefined {
  return /<!--((?:(?!-->)[\s\S])*)-->\s*$/.exec(text)?.[1]?.trim()
}

/** The page whose end state this one starts from: `<!-- continues quickstart.md -->`, relative to the page. */
export function continuedPage(text: string): string | undefined {
  return /^<!-- continues (\S+) -->$/m.exec(text)?.[1]
}
