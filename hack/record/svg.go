// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Sizes in pixels.
const (
	fontSize   = 14
	charWidth  = 8.4
	lineHeight = 19
	margin     = 16
	titleBar   = 34
)

const (
	background = "#1b1f27"
	bar        = "#2a303c"
	foreground = "#d8dee9"
)

var colors = map[string]string{
	"31": "#ef6b73", "32": "#8fce7e", "33": "#e6c06b", "34": "#7fa8f0", "35": "#c792d9", "36": "#70c7d0", "37": foreground,
}

// drawing is a window with a terminal.
type drawing struct {
	title         string
	columns, rows int
}

// still draws one frame.
func (d drawing) still(f frame) string {
	var b strings.Builder
	d.open(&b)
	for y, l := range f.screen {
		if len(l) > 0 {
			b.WriteString("<g>" + d.text(y, l) + "</g>\n")
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// shownLine is a line of the animation, and when it is shown.
type shownLine struct {
	row   int
	line  line
	times [][2]time.Duration
}

// animation draws all frames one after the other, for ever. A line that several frames
// share is drawn once.
func (d drawing) animation(frames []frame, hold time.Duration) string {
	total := frames[len(frames)-1].at + hold
	at, list := map[string]int{}, []shownLine{}
	for i, f := range frames {
		end := total
		if i < len(frames)-1 {
			end = frames[i+1].at
		}
		for y, l := range f.screen {
			if len(l) == 0 {
				continue
			}
			key := fmt.Sprint(y, l.key())
			n, known := at[key]
			if !known {
				n = len(list)
				at[key] = n
				list = append(list, shownLine{row: y, line: l})
			}
			if times := list[n].times; len(times) > 0 && times[len(times)-1][1] == f.at {
				times[len(times)-1][1] = end
			} else {
				list[n].times = append(times, [2]time.Duration{f.at, end})
			}
		}
	}
	var b strings.Builder
	d.open(&b)
	for _, s := range list {
		b.WriteString(`<g visibility="hidden">` + visibility(s.times, total) + d.text(s.row, s.line) + "</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// visibility animates when a line is shown.
func visibility(times [][2]time.Duration, total time.Duration) string {
	var values, keys []string
	add := func(at time.Duration, value string) {
		values, keys = append(values, value), append(keys, number(float64(at)/float64(total)))
	}
	if times[0][0] > 0 {
		add(0, "hidden")
	}
	for _, t := range times {
		add(t[0], "visible")
		if t[1] < total {
			add(t[1], "hidden")
		}
	}
	return fmt.Sprintf(`<animate attributeName="visibility" calcMode="discrete" dur="%ss" repeatCount="indefinite" `+
		`values="%s" keyTimes="%s"/>`, number(total.Seconds()), strings.Join(values, ";"), strings.Join(keys, ";"))
}

// open begins the SVG: the window and its title.
func (d drawing) open(b *strings.Builder) {
	width := number(2*margin + float64(d.columns)*charWidth)
	height := titleBar + 2*margin + d.rows*lineHeight
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%d" viewBox="0 0 %s %d" role="img" aria-label="%s">`+"\n",
		width, height, width, height, escaped(d.title))
	fmt.Fprintf(b, "<style>%s</style>\n", style())
	fmt.Fprintf(b, `<rect width="%s" height="%d" rx="8" fill="%s"/>`+"\n", width, height, background)
	fmt.Fprintf(b, `<path d="M0 %d V8 Q0 0 8 0 H%s Q%s 0 %s 8 V%d Z" fill="%s"/>`+"\n",
		titleBar, number(2*margin+float64(d.columns)*charWidth-8), width, width, titleBar, bar)
	for i, color := range []string{"#ef6b73", "#e6c06b", "#8fce7e"} {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="6" fill="%s"/>`+"\n", margin+4+i*20, titleBar/2, color)
	}
	if d.title != "" {
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", margin+70, titleBar/2+5, escaped(d.title))
	}
}

// text draws a line. Each span has its length in pixels, so that columns are aligned
// in whatever font there is.
func (d drawing) text(row int, l line) string {
	var b strings.Builder
	y := titleBar + margin + row*lineHeight + fontSize
	for _, s := range l {
		text := strings.TrimLeft(s.text, " ")
		column := s.column + len(s.text) - len(text)
		if text == "" {
			continue
		}
		fmt.Fprintf(&b, `<text x="%s" y="%d" textLength="%s"%s>%s</text>`, number(margin+float64(column)*charWidth), y,
			number(float64(utf8.RuneCountInString(text))*charWidth), s.look.attributes(), escaped(text))
	}
	return b.String()
}

func (l look) attributes() string {
	var classes []string
	if l.color != "" {
		classes = append(classes, "c"+l.color)
	}
	if l.bold {
		classes = append(classes, "bold")
	}
	if l.dim {
		classes = append(classes, "dim")
	}
	if len(classes) == 0 {
		return ""
	}
	return ` class="` + strings.Join(classes, " ") + `"`
}

// style returns the CSS of the text.
func style() string {
	var b strings.Builder
	fmt.Fprintf(&b, `text{font:%dpx ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;`, fontSize)
	fmt.Fprintf(&b, "fill:%s;white-space:pre}.bold{font-weight:bold}.dim{opacity:.6}", foreground)
	for _, color := range slices.Sorted(maps.Keys(colors)) {
		fmt.Fprintf(&b, ".c%s{fill:%s}", color, colors[color])
	}
	return b.String()
}

// number writes a number with at most four decimals.
func number(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", n), "0"), ".")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
