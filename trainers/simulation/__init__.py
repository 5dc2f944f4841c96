"""What training by a reward would do to recorded answers: a simulation of policy gradients, prompt by prompt, in numpy.

    prompts     which answers were recorded for each prompt, how often, and which are right
    policy      a categorical policy per prompt: its groups, and its gradient step
    rewards     the project's rewards on all groups of a step at once
    called      any other reward, called group by group
    course      the simulation, and what is watched in it
    page        its curves as a page to look at, drawn by chart

A prompt learns from its own groups alone, so nothing here can show what a shared network carries from prompt to prompt.
"""
