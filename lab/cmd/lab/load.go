// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/lab/internal/state"
)

func loadCommand(f *flags) *cobra.Command {
	var format string
	var reset bool
	c := &cobra.Command{
		Use: "load", Short: "Print the report of the shop's load generator", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.loadLab()
			if err != nil {
				return err
			}
			return load(c.Context(), l, format, reset, c.OutOrStdout())
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "output format: text or json")
	c.Flags().BoolVar(&reset, "reset", false, "print the report so far (as JSON) and reset all counters")
	return c
}

// load prints the load generator's report. It asks the pod through the API server's proxy.
func load(ctx context.Context, l state.Lab, format string, reset bool, out io.Writer) error {
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read the kubeconfig of lab %s: %w", l.Name, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create a client for lab %s: %w", l.Name, err)
	}
	pods, err := client.CoreV1().Pods("load").List(ctx, metav1.ListOptions{LabelSelector: "app=load"})
	if err != nil {
		return fmt.Errorf("list the pods of the load generator: %w", err)
	}
	if len(pods.Items) == 0 {
		return fmt.Errorf("no load generator runs in lab %s; a real lab gets one with `lab shop`", l.Name)
	}
	report, err := reportRequest(client, pods.Items[0].Name, format, reset).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("read the report of the load generator: %w", err)
	}
	_, err = out.Write(report)
	return err
}

// reportRequest returns the request for the report, or for the report and a reset.
func reportRequest(client kubernetes.Interface, pod, format string, reset bool) *rest.Request {
	verb, path := "GET", "report"
	if reset {
		verb, path = "POST", "reset"
	}
	return client.CoreV1().RESTClient().Verb(verb).Namespace("load").Resource("pods").Name(pod+":8080").
		SubResource("proxy").Suffix(path).Param("format", format)
}
