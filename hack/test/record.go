// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// record writes the figures of a long run down.
func record(path string, all []result, o order, began time.Time) error {
	if err := os.WriteFile(path, []byte(figures(all, o, began)), 0o644); err != nil {
		return fmt.Errorf("write the long run's figures down: %w", err)
	}
	return nil
}

func figures(all []result, o order, began time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The last long run\n\nWritten by `make test-long`. %s, the %s lab, %d cores: %d stories passed, %d failed, %d skipped.\n\n",
		began.UTC().Format("2 January 2006"), size(o), runtime.NumCPU(), count(told(all), passed), count(told(all), failed), count(told(all), skipped))
	b.WriteString("| story | | took |\n| --- | --- | --- |\n")
	for _, r := range told(all) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, r.verdict, short(r.took))
	}
	return b.String()
}
