/** Line charts as SVG text: panels side by side, one legend, nothing from outside. */

/** A line through points [x, y]; a point that is not finite is left out. Series of one `name` share a colour. */
export type Series = { name: string; points: [number, number][]; dashed?: boolean }

export type Panel = {
  title: string
  xLabel: string
  /** What is measured is marked below a logarithmic axis: every x of the points. */
  xLog?: boolean
  yLabel: string
  series: Series[]
}

type Scale = { at(value: number): number; ticks: number[] }

const WIDTH = 400
const HEIGHT = 300
const PLOT = { left: 58, right: 378, top: 30, bottom: 250 }
const LEGEND = 50
/** Colours that most colour-blind people can tell apart (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']
/** From this span on an axis of figures is logarithmic. */
const LOG_SPAN = 20

/** `note` stands beside the legend. */
export function chart(title: string, panels: Panel[], note = ''): string {
  const shown = panels.flatMap(({ series }) => series.filter(({ points }) => points.some(finite)))
  const names = [...new Set(shown.map(({ name }) => name))]
  const colours = new Map(names.map((name, index) => [name, COLOURS[index % COLOURS.length]!]))
  const [width, height] = [WIDTH * panels.length, LEGEND + HEIGHT]
  let x = 12
  const legend = names.map(name => {
    const entry = `<path d="M${x} 38h18" stroke="${colours.get(name)}" stroke-width="2"/>${label(x + 23, 42, name)}`
    x += 38 + name.length * 6.6
    return entry
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="20" font-size="15" font-weight="bold">${escaped(title)}</text>
${legend.join('')}${label(x + 8, 42, note, 'fill="#666"')}
${panels.map((panel, index) => `<g transform="translate(${WIDTH * index} ${LEGEND})">\n${plot(panel, colours)}\n</g>`).join('\n')}
</svg>
`
}

function plot({ title, xLabel, xLog = false, yLabel, series }: Panel, colours: Map<string, string>): string {
  const points = series.flatMap(line => line.points.filter(finite))
  const xs = [...new Set(points.map(([x]) => x))].toSorted((a, b) => a - b)
  const ys = points.map(([, y]) => y)
  const x = xLog ? logScale(xs, PLOT.left, PLOT.right, xs) : linearScale(xs, PLOT.left, PLOT.right)
  const spans = Math.min(...ys) > 0 && Math.max(...ys) / Math.min(...ys) > LOG_SPAN
  const y = spans ? logScale(ys, PLOT.bottom, PLOT.top) : linearScale([0, ...ys], PLOT.bottom, PLOT.top)
  const parts = [
    label(PLOT.left, 16, title, 'font-weight="bold"'),
    label((PLOT.left + PLOT.right) / 2, 286, xLabel, 'text-anchor="middle"'),
    label(0, 0, yLabel, `text-anchor="middle" transform="translate(13 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)"`),
    ...y.ticks.map(tick => {
      const at = round(y.at(tick))
      const line = `<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="#ddd"/>`
      return line + label(PLOT.left - 5, at + 4, short(tick), 'text-anchor="end"')
    }),
    ...x.ticks.map(tick => {
      const at = round(x.at(tick))
      const line = `<path d="M${at} ${PLOT.bottom}v4" stroke="#888"/>`
      return line + label(at, PLOT.bottom + 17, short(tick), 'text-anchor="middle"')
    }),
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="#888"/>`,
    ...series.map(line => path(line, x, y, colours.get(line.name) ?? '')),
  ]
  return parts.join('\n')
}

function path({ points, dashed = false }: Series, x: Scale, y: Scale, colour: string): string {
  const places = points.filter(finite).map(point => [round(x.at(point[0])), round(y.at(point[1]))])
  const dash = dashed ? ' stroke-dasharray="4 3" opacity="0.5"' : ''
  const line = `<polyline points="${places.map(place => place.join()).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.7"${dash}/>`
  if (dashed || places.length > 20) return line
  return line + places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.4" fill="${colour}"/>`).join('')
}

function linearScale(values: number[], from: number, to: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const step = niceStep((high - low) / 5)
  const end = Math.max(low + step, Math.ceil(high / step - 1e-9) * step)
  const first = Math.ceil(low / step)
  const ticks = Array.from({ length: Math.floor(end / step + 1e-9) - first + 1 }, (_, index) => (first + index) * step)
  return { at: value => from + ((value - low) / (end - low)) * (to - from), ticks }
}

/** Ticks are at 1, 2 and 5 of each decade, of many decades at 1 alone, unless they are given. */
function logScale(values: number[], from: number, to: number, given?: number[]): Scale {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  const decades = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, index) => 10 ** (Math.floor(low) + index),
  )
  const all = high - low > 3 ? decades : decades.flatMap(decade => [1, 2, 5].map(factor => factor * decade))
  const ticks = given ?? all.filter(tick => tick >= 10 ** low * 0.999 && tick <= 10 ** high * 1.001)
  return { at: value => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from), ticks }
}

/** The next of 1, 2, 5, 10, 20 ... */
function niceStep(rough: number): number {
  if (!(rough > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5].find(factor => factor * power >= rough) ?? 10)
}

/** 1500000 as 1.5M. */
export function short(value: number): string {
  const [divisor, unit] = value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, '']
  return `${Number((value / divisor).toPrecision(3))}${unit}`
}

function finite(point: [number, number]): boolean {
  return point.every(Number.isFinite)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function label(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
