// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// picturesVariable names the folder for the pictures of the README, as make pictures sets it.
// Without it none are drawn.
const picturesVariable = "RERIG_PICTURES"

// drawPictures draws a recorded upgrade: live.svg shows one moment, upgrade.svg all of it.
func drawPictures(t *testing.T, folder, recording string) {
	t.Helper()
	data, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	length, err := recordedTime(data)
	if err != nil {
		t.Fatalf("%s: %v", recording, err)
	}
	draw := func(name string, args ...string) {
		t.Helper()
		out, err := filepath.Abs(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		output(t, []string{"CGO_ENABLED=0"}, "go", append([]string{"run", "../../hack/record", "-in", recording, "-out", out,
			"-title", "rerig upgrade --to " + newRevision + " --operator " + newRevision + ".yaml"}, args...)...)
		t.Logf("drew %s", out)
	}
	draw("live.svg", "-still", "-at", (length * 2 / 3).String())
	draw("upgrade.svg", "-max-pause", "1s")
}

// recordedTime returns how long a recording (asciicast, version 2) is.
func recordedTime(data []byte) (time.Duration, error) {
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	var last []any
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil {
		return 0, err
	}
	seconds, ok := last[0].(float64)
	if !ok {
		return 0, fmt.Errorf("the last line has no time: %s", lines[len(lines)-1])
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// TestHarnessRecordedTime reads the time of a recording's last output.
func TestHarnessRecordedTime(t *testing.T) {
	got, err := recordedTime([]byte("{\"version\": 2}\n[0.5, \"o\", \"a\"]\n[2.5, \"o\", \"b\"]\n"))
	if want := 2500 * time.Millisecond; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if _, err := recordedTime([]byte("{\"version\": 2}\n")); err == nil {
		t.Error("a recording without output is accepted")
	}
}
