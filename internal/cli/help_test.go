// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// No flag takes just a "string".
func TestHelpNamesPlaceholders(t *testing.T) {
	for _, cmd := range (&app{}).command().Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); slices.Contains([]string{"string", "strings", "stringArray", "int"}, name) {
				t.Errorf("%s --%s: got placeholder %s, want one that says what it is", cmd.Name(), f.Name, name)
			}
		})
	}
	code, out, err := runOn(shop(), "upgrade --help")
	for _, flag := range []string{
		"--strategy restart|swap", "--trial none|in-service|out-of-service", "--tags move|keep", "--labels restore|explicit",
	} {
		if code != exitDone || !strings.Contains(out+err, flag+" ") {
			t.Errorf("got help without %s:\n%s%s", flag, out, err)
		}
	}
}
