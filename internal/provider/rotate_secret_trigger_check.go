package provider

// triggerCheck rejects the empty string, which is most often a variable that was not
// set. It would rotate the secret.
var triggerCheck = textCheck{title: "Invalid rotation trigger", want: "any string that is not empty", problem: func(trigger string) string {
	if trigger != "" {
		return ""
	}
	return "The trigger is an empty string, most often because a variable was not set. It would rotate the secret. Set a string that is not empty, or null for no trigger."
}}
