// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/report"
)

// Version is the tool's own, stamped in by a release's build.
var Version = ""

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the tool's own version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.output == outputText {
				_, err := fmt.Fprintf(a.Out, "rerig %s, %s, %s/%s\n", own(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			}
			return a.json(map[string]string{"version": own(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
		},
	}
}

// own is the stamped version, else the module's, else "devel".
func own() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func (a *app) json(v any) error {
	text, err := report.JSON(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.Out, text)
	return err
}

// object writes one line of JSON, as the events of a run are.
func (a *app) object(v any) error {
	encoder := json.NewEncoder(a.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
