// SPDX-License-Identifier: Apache-2.0

// Command record draws a recorded terminal (asciicast, version 2) as an SVG: animated,
// or with -still as a picture of one moment. The same recording always gives the same
// SVG, which needs no script and no font file.
//
//	RERIG_RECORD=run.cast rerig upgrade --to 1-31-0 --yes
//	go run ./hack/record -in run.cast -out docs/images/upgrade.svg -title 'rerig upgrade --to 1-31-0'
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	in := flags.String("in", "", "recording to read")
	out := flags.String("out", "", "SVG to write")
	title := flags.String("title", "", "title of the window")
	still := flags.Bool("still", false, "draw one moment instead of an animation")
	at := flags.Duration("at", -1, "with -still: the moment, from the beginning of the recording (default its end)")
	speed := flags.Float64("speed", 1, "how many times faster than recorded")
	maxPause := flags.Duration("max-pause", 2*time.Second, "longest time without a change")
	hold := flags.Duration("hold", 5*time.Second, "how long the last frame stays before the animation repeats")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *in == "" || *out == "" {
		return fmt.Errorf("-in and -out are required")
	}
	data, err := os.ReadFile(*in)
	if err != nil {
		return err
	}
	r, err := parseRecording(data)
	if err != nil {
		return fmt.Errorf("%s: %w", *in, err)
	}
	frames := r.frames()
	if len(frames) == 0 {
		return fmt.Errorf("%s: no output is recorded", *in)
	}
	svg := ""
	if *still {
		shown := frameAt(frames, *at)
		svg = drawing{title: *title, columns: r.Width, rows: usedRows([]frame{shown})}.still(shown)
	} else {
		svg = drawing{title: *title, columns: r.Width, rows: usedRows(frames)}.animation(retimed(frames, *speed, *maxPause), *hold)
	}
	return os.WriteFile(*out, []byte(svg), 0o644)
}
