// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/report"
)

// docs/reference/json-output.md names every field that the commands write, but for
// those of the ledger, which is the run's own.
func TestJSONFieldsAreDocumented(t *testing.T) {
	content, err := os.ReadFile("../../docs/reference/json-output.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-zA-Z.\\[\\]-]+)`").FindAllStringSubmatch(string(content), -1) {
		for _, name := range strings.Split(strings.ReplaceAll(m[1], "[]", ""), ".") {
			documented[name] = true
		}
	}
	for _, word := range []string{
		string(engine.Began), string(engine.Acting), string(engine.Acted), string(engine.Waiting), string(engine.Passed),
		string(engine.Soaking), string(engine.Retrying), string(engine.RollingBack), string(engine.Holding), string(engine.Finished),
		string(engine.Completed), string(engine.RolledBack), string(engine.Held), string(report.InstallerOutput),
	} {
		if !documented[word] {
			t.Errorf("got a page without %s, a kind of event or an outcome", word)
		}
	}
	for field, command := range jsonFields(t) {
		if !documented[field] {
			t.Errorf("got a page without %s, which `rerig %s` writes", field, command)
		}
	}
}

// jsonFields returns the names of the fields that commands write, each with one of
// these commands.
func jsonFields(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	p := shop()
	for _, line := range []string{
		"inventory", strings.Replace(upgradeLine, "upgrade", "plan", 1) + " --workload=Deployment|shop-web/web=leave",
		upgradeLine + " --yes", "status",
		upgradeLine + " --yes", "rollback --yes", "upgrade --to 1-29-1 --yes", "version",
	} {
		arguments := strings.Fields(line + " -o json")
		for i := range arguments {
			arguments[i] = strings.ReplaceAll(arguments[i], "|", " ")
		}
		_, out, _ := runOn(p, "", arguments...)
		collect(t, line, out, found)
	}
	p = shop()
	p.rejectsConfig = "web-1"
	for _, line := range []string{upgradeLine + " --yes", "status"} {
		_, out, _ := runOn(p, line+" -o json")
		collect(t, line, out, found)
	}
	return found
}

func collect(t *testing.T, line, out string, found map[string]string) {
	t.Helper()
	command, _, _ := strings.Cut(line, " ")
	decoder := json.NewDecoder(strings.NewReader(out))
	for decoder.More() {
		var object any
		if err := decoder.Decode(&object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		collectFields(command, object, found)
	}
}

// ownObjects are fields whose own fields are not part of the output's format.
var ownObjects = []string{"ledger"}

func collectFields(command string, value any, found map[string]string) {
	switch x := value.(type) {
	case map[string]any:
		for name, v := range x {
			found[name] = command
			if !slices.Contains(ownObjects, name) {
				collectFields(command, v, found)
			}
		}
	case []any:
		for _, v := range x {
			collectFields(command, v, found)
		}
	}
}
