// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/engine"
)

// output is a way to write results.
type output string

const (
	outputText output = "text"
	outputJSON output = "json"
)

// app is what all commands share: the streams and the global flags.
type app struct {
	Streams
	connect connector
	clock   engine.Clock

	kubeconfig string
	context    string
	root       string
	output     output
	plain      bool

	heard func(line string) // hears the lines of an installer; nil before a run works
}

func (a *app) say(line string) {
	if a.heard != nil {
		a.heard(line)
	}
}

func (a *app) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&a.kubeconfig, "kubeconfig", "", "the kubeconfig `FILE`; without it KUBECONFIG, or ~/.kube/config")
	f.StringVar(&a.context, "context", "", "the kubeconfig `CONTEXT`; without it the current one")
	f.StringVar(&a.root, "istio-namespace", "istio-system", "the `NAMESPACE` of istiod")
	f.StringVarP((*string)(&a.output), "output", "o", string(outputText), "write the output as `text|json`")
	f.BoolVar(&a.plain, "no-color", false, "no colour, also on a terminal")
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.output != outputText && a.output != outputJSON {
			return usageError{fmt.Errorf("output format %q is not known; use text or json", a.output)}
		}
		return nil
	}
}

// patience says on a terminal what takes a moment.
func (a *app) patience(what string) {
	if _, ok := terminal(a.Err); ok {
		fmt.Fprintln(a.Err, what+" ...")
	}
}
